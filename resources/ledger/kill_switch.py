"""The kill switch: one position for every machine, in the ledger, which a file on any of them turns on."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.ledger.records import KILL
from resources.ledger.store import Ledger


@dataclass(frozen=True)
class KillSwitch:
    """Whether anything may be written at all.

    Args:
        file: While it exists on this machine, nothing is written, and the switch in the ledger is turned on
            for the others.
        ledger: Opens the ledger.
    """

    file: Path
    ledger: Callable[[], Ledger]

    def why_on(self) -> str | None:
        """Why nothing may be written; None where everything may. A switch that cannot be read is on."""
        try:
            self.file.stat()
        except FileNotFoundError:
            is_there = False
        except OSError as error:
            return f"the kill switch cannot be read ({error.strerror})"
        else:
            is_there = True
        try:
            if is_there:
                self._raise_for_all()
                return f"the kill switch is on: {self.file} is there"
            state = self.ledger().switches.state(KILL)
        except Exception as error:  # noqa: BLE001 — whatever keeps the switch from being read, it counts as on
            return f"the kill switch cannot be read ({type(error).__name__})"
        if state is None or not state.is_on:
            return None
        return f"the kill switch is on since {state.at:%Y-%m-%d %H:%M} UTC ({state.person}: {state.reason})"

    def _raise_for_all(self) -> None:
        switches = self.ledger().switches
        state = switches.state(KILL)
        if state is None or not state.is_on:
            host = platform.node() or "a machine without a name"
            reason = f"the file {self.file} is there; remove it before turning the switch off"
            switches.turn(KILL, on=True, person=f"file on {host}"[:80], reason=reason)
