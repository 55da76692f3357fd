"""Ctrl-C and SIGTERM end a command within seconds, and the command says how to go on.

Dagster replaces the handlers of both signals while a run goes on in the main thread: it turns a signal into
one failed step, goes on with the next run, and drops a signal that comes between two steps. On any other
thread it leaves handlers alone. So the work runs in a thread of its own and the main thread waits for
signals.

After a signal the process ends without waiting for that thread, which may hang in a request. For the files of
the lake and the ledger this equals a kill at that point, which every write withstands: it is one atomic
commit or one transaction.
"""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
CLEANUP_SECONDS = 5.0
"""How long closing Dagster's records of a run and ending child processes may take."""
_cleanups: list[Callable[[], None]] = []


class SignalReceived(BaseException):
    """The command is to end. Not an Exception, so that no handler takes it for a failed step."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def on_interruption(cleanup: Callable[[], None]) -> Iterator[None]:
    """Call `cleanup` when a signal ends the command inside this block."""
    _cleanups.append(cleanup)
    try:
        yield
    finally:
        _cleanups.remove(cleanup)


def ends_on_signal(how_to_go_on: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a command so that Ctrl-C and SIGTERM end it with exit code 130 or 143 and this sentence."""

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(command)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            return _run(lambda: command(*args, **kwargs), how_to_go_on)

        return wrapped

    return decorate


def _run(work: Callable[[], R], how_to_go_on: str) -> R:
    if threading.current_thread() is not threading.main_thread():
        return work()  # signals reach the main thread alone

    results: list[R] = []
    errors: list[BaseException] = []

    def worker() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 — raised again on the main thread
            errors.append(error)

    def interrupt(number: int, _: FrameType | None) -> None:
        raise SignalReceived(number)

    handlers = {number: signal.signal(number, interrupt) for number in SIGNALS}
    thread = threading.Thread(target=worker, name="command", daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.2)  # returns often, so that a signal is handled at once
    except SignalReceived as received:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _end(received.number, how_to_go_on)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if errors:
        raise errors[0]
    return results[0]


def _end(number: int, how_to_go_on: str) -> None:
    """Clean up for a few seconds at most, say how to go on, and end this process."""
    cleaner = threading.Thread(target=_clean_up, daemon=True)
    cleaner.start()
    cleaner.join(CLEANUP_SECONDS)
    click.echo(f"Stopped by {signal.Signals(number).name}. {how_to_go_on}", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(128 + number)


def _clean_up() -> None:
    for cleanup in reversed(_cleanups):
        try:
            cleanup()
        except Exception as error:  # noqa: BLE001 — the process ends, whatever could not be cleaned up
            click.echo(f"While ending: {type(error).__name__}: {error}", err=True)
