"""Processes that carry out a proposal and are killed at a named point, by a signal nobody can catch.

`python -m tests.actions.dying` has everything imported and starts nothing. For each line it is given, a point
and what to carry out, it forks a process that does it, and answers with how that one ended: so a death costs
no start of Python.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import facebook_business.session  # noqa: F401 — as much as can be is imported before anything is forked

from assets.actions.approval import DecisionRequest
from assets.actions.inputs import Figures, approval_gate, executor
from resources.action_services import ActionServices
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms

POINTS = [
    f"{when} {what}"
    for what in (
        "decide",
        "preflight",
        "move executing",
        "intend",
        "send",
        "answered",
        "read_back",
        "move verified",
    )
    for when in ("before", "after")
]


def mortal(
    owner: Any,
    name: str,
    point: str,
    *,
    only: Callable[..., bool] = lambda *_: True,
    label: str | None = None,
) -> None:
    """Kill this process before or after a method, as `point` says."""
    real = getattr(owner, name)
    label = label or name

    def called(*args: Any, **more: Any) -> Any:
        here = only(*args)
        if here and point == f"before {label}":
            os.kill(os.getpid(), signal.SIGKILL)
        found = real(*args, **more)
        if here and point == f"after {label}":
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    object.__setattr__(owner, name, called)


def carry_out(point: str, given: dict[str, Any]) -> None:
    """Everything from the decision to the read-back, if nothing kills it."""
    settings = load_settings(given["env"]).model_copy(update={"root": Path(given["root"])})
    now = datetime.fromisoformat(given["now"])
    services, key = ActionServices(settings, Platforms(lambda: settings, now=lambda: now)), given["key"]
    ledger = services.ledger
    figures = Figures(Lake(given["lake"]), services)
    work = executor(services, figures, run_id="dying", log=lambda _: None)
    writer = services.platforms.writer(given["platform"])
    work.writes.writers.budgets = lambda _: writer
    mortal(ledger.decisions, "redeem", point, label="decide")
    mortal(ledger.writes, "intend", point)
    mortal(ledger.writes, "answered", point)
    mortal(writer, "send", point)
    of_kind = work.writes.writers.of_kind

    def mortal_of_kind(field: str, platform: str, entities: Any) -> Any:
        """The side that writes a kind: where it is not the side that changes entities, it dies as that would."""
        kind_writer = of_kind(field, platform, entities)
        if kind_writer is not entities:
            mortal(kind_writer, "send", point)
        return kind_writer

    work.writes.writers.of_kind = mortal_of_kind
    mortal(work, "preflight", point)
    mortal(work, "read_back", point)
    mortal(
        ledger.proposals,
        "move",
        point,
        only=lambda *args: str(args[2]) == point.rsplit(maxsplit=1)[-1],
        label=f"move {point.rsplit(maxsplit=1)[-1]}",
    )
    gate, summary = approval_gate(services, figures), ledger.proposals.summary(key)
    digests = [entry.proposal.digest for entry in ledger.proposals.members(key)]
    code = services.approvers().bound_code("alice", decision="approve", digests=digests, at=now)
    gate.decide(
        DecisionRequest(
            key=key, together=(key,), proposal=summary, decision="approve", approver="alice", code=code, note="", launched_at=now,
            run_id="run dying",
        )
    )  # fmt: skip
    work.preflight(key)
    work.apply(key)
    work.read_back(key)


def main() -> None:
    for line in sys.stdin:
        point, given = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                carry_out(point, given)
            except BaseException:  # noqa: BLE001 — told to who waits; nothing of the parent may run on in here
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
