"""A process that carries out a proposal and is killed at a named point: `python -m tests.actions.dying POINT ARGUMENTS`."""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from assets.actions.approval import Asked
from assets.actions.figures import Figures, executor, gate
from resources.desk import Desk
from resources.lake import Lake
from resources.platforms.login import Platforms
from resources.settings import load_settings

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


def main() -> None:
    point, given = sys.argv[1], json.loads(sys.argv[2])
    settings = load_settings(given["env"]).model_copy(update={"root": Path(given["root"])})
    now = datetime.fromisoformat(given["now"])
    desk, key = Desk(settings, Platforms(lambda: settings, now=lambda: now)), given["key"]
    ledger = desk.ledger
    figures = Figures(Lake(given["lake"]), desk)
    work = executor(desk, figures, run_id="dying", say=lambda _: None)
    writer = desk.platforms.writer(given["platform"])
    work.writer = lambda _: writer
    mortal(ledger, "decide", point)
    mortal(ledger, "intend", point)
    mortal(ledger, "answered", point)
    mortal(writer, "send", point)
    mortal(work, "preflight", point)
    mortal(work, "read_back", point)
    mortal(
        ledger,
        "move",
        point,
        only=lambda *args: str(args[2]) == point.split()[-1],
        label=f"move {point.split()[-1]}",
    )
    asked = Asked(
        key=key, together=(key,), proposal=ledger.summary(key), decision="approve", approver="alice",
        code=desk.approvers().totp("alice", at=now), note="", launched_at=now, scope="run dying", run_id="dying",
    )  # fmt: skip
    gate(desk, figures).decide(asked)
    work.preflight(key)
    work.apply(key)
    work.read_back(key)


if __name__ == "__main__":
    main()
