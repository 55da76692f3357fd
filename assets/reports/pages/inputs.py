"""What the page needs of the ledger.

A page is written also where the ledger cannot be read: it says so, and counts writing as stopped.
"""

from datetime import date, datetime, timedelta

from assets.reports.pages.pending_approvals import Approvals, approvals_of
from resources.action_services import ActionServices
from resources.config.settings import Settings
from resources.lake.lake import Lake
from resources.ledger.states import State
from resources.tables import core


def approvals_now(
    lake: Lake, services: ActionServices, settings: Settings, *, as_of: date, now: datetime
) -> Approvals | None:
    """What waits for a person and whether the kill switch is on; None for a day that is not the newest.

    What waits now would be wrong on the page of a past day, and nothing of a past day can be approved any
    more.
    """
    later = (as_of + timedelta(days=1), as_of + timedelta(days=3_660))
    if lake.count(core.KPI_DAY, where={"day": later}):
        return None
    killed = services.killed()
    try:
        entries = services.ledger.proposals.entries(states=[State.PROPOSED], level="propose")
    except Exception as error:  # noqa: BLE001 — whatever keeps the ledger from being read, the figures are still worth a page
        why = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        return Approvals(
            killed=killed,
            unreadable=f"The ledger cannot be read ({type(error).__name__}): {why} `python -m orchestration.cli check` says more.",
        )
    return approvals_of([entry.proposal for entry in entries], killed=killed, now=now, ui_url=settings.ui_url)
