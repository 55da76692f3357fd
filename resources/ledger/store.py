"""The ledger, put together: one database, and a part for each thing it holds."""

from collections.abc import Callable
from datetime import datetime

from resources.ledger.audiences import AudienceStore
from resources.ledger.audit import AuditTrail
from resources.ledger.database import LedgerDatabase, utc_now
from resources.ledger.decisions import DecisionStore
from resources.ledger.notices import NoticeStore
from resources.ledger.proposals import ProposalStore
from resources.ledger.switches import ShadowStore, SwitchStore
from resources.ledger.writes import WriteStore
from resources.security.ledger_key import LedgerKey


class Ledger:
    """Proposals, decisions, writes, audiences, notices, switches, shadows and the audit.

    Every transition is one conditional update, and leaves an audit entry in its own transaction: either both
    happened or neither.
    """

    def __init__(
        self, url: str, *, now: Callable[[], datetime] = utc_now, key: LedgerKey | None = None
    ) -> None:
        self.database = LedgerDatabase(url, now=now, key=key)
        self.proposals = ProposalStore(self.database)
        self.decisions = DecisionStore(self.database)
        self.writes = WriteStore(self.database, self.proposals)
        self.audiences = AudienceStore(self.database)
        self.notices = NoticeStore(self.database)
        self.switches = SwitchStore(self.database)
        self.shadows = ShadowStore(self.database, self.decisions)
        self.audit = AuditTrail(self.database, self.proposals)

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock of this ledger."""
        return self.database.clock
