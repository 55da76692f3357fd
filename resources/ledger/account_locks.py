"""One executor per account at a time, let go by the system when its process dies.

On PostgreSQL an advisory lock of a connection of its own, on SQLite a lock on a file beside the database:
both end with the process, also after kill -9, so nobody waits for the dead and no two live executors write to
one account at once.
"""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import sqlalchemy as sa

from resources.errors import PaidMediaError

WAIT_SECONDS = 120.0
_PAUSE = 0.05


class AccountBusy(PaidMediaError):
    """Another run is writing to the same account."""


@contextmanager
def held(
    engine: sa.Engine, folder: Path | None, accounts: Iterable[tuple[str, str]], *, wait_seconds: float
) -> Iterator[None]:
    """Hold these accounts, taken in one order by everybody so that nobody waits in a circle.

    Raises:
        AccountBusy: Another process held one for longer than `wait_seconds`.
    """
    deadline = monotonic() + wait_seconds
    with ExitStack() as stack:
        connection = stack.enter_context(engine.connect()) if folder is None else None
        for platform, account_id in sorted(set(accounts)):
            name = f"{platform}.{account_id}"
            if connection is not None:
                _wait(lambda name=name: _advisory(connection, name), name, deadline)
                stack.callback(
                    connection.execute, sa.text("select pg_advisory_unlock(:key)"), {"key": _number(name)}
                )
            else:
                assert folder is not None  # noqa: S101 — one of the two
                file = stack.enter_context((folder / f"{name}.lock").open("w"))
                _wait(lambda file=file: _locked(file.fileno()), name, deadline)
        yield


def _wait(take: object, name: str, deadline: float) -> None:
    assert callable(take)  # noqa: S101
    while not take():
        if monotonic() > deadline:
            raise AccountBusy(
                f"Another run is writing to {name}. Nothing was written; try again when it has ended."
            )
        sleep(_PAUSE)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _advisory(connection: sa.Connection, name: str) -> bool:
    return bool(
        connection.execute(sa.text("select pg_try_advisory_lock(:key)"), {"key": _number(name)}).scalar()
    )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
