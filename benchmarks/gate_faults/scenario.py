"""One case from its approval to a day later, by the sandbox's clock."""

from collections import Counter
from datetime import timedelta

from benchmarks.gate_faults.cases import Case, propose
from benchmarks.gate_faults.counting import count
from benchmarks.gate_faults.rig import LedgerMaker, Rig

LOOKS = tuple(timedelta(minutes=m) for m in (0.3, 1, 3, 10.5, 15.5, 19, 25, 60, 95, 360, 720, 1440))
"""When the sensor looks, after the write."""


def run_case(rig: Rig, ledgers: LedgerMaker, case: Case) -> tuple[Counter[str], str]:
    """What was counted in one case, and the states it ended in.

    Raises:
        RuntimeError: A limit held it back, so that nothing was measured.
    """
    rig.begin(ledgers)
    key, proposals = propose(rig, case)
    rig.sandbox.stage.faults.arm(
        case.platform,
        "write_answer",
        after=case.nth,
        answer=case.answer,
        moment=case.moment,
        seconds=case.seconds,
    )
    rig.path.decide(key, "reject" if case.kind == "rejected" else "approve")
    if held := rig.path.carry_out(key):
        raise_unless_expected(held, key)
    look_for_a_day(rig, key)
    counted = count(rig, proposals, approved=case.kind != "rejected")
    rig.end()
    return counted


def raise_unless_expected(held: str, key: str) -> None:
    """A batch stops at a member that could not be read back; anything else must not hold a case back."""
    if not held.startswith("Stopped at "):
        raise RuntimeError(f"a limit held {key} back, so nothing was measured: {held}")


def look_for_a_day(rig: Rig, key: str) -> None:
    """The looks of the sensor, as the simulated clock goes on."""
    began = rig.now
    for after in LOOKS:
        rig.sandbox.stage.clock.set(began + after)
        if not rig.path.look(key):
            return
