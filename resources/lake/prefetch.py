"""Batches made one step ahead, in a thread of their own, while the ones before are being written.

The lake's writer pulls its rows from inside its own async runtime, where nothing that has such a runtime itself may run; and
reading a platform while the last answer is being written costs nothing.
"""

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")

WAITING = 3
"""Finished batches that may wait: enough to keep both sides busy, few enough to keep memory flat."""
_LOOK_UP_SECONDS = 0.1


def made_ahead(items: Iterable[T]) -> Iterator[T]:
    """The items of `items`, which is iterated in another thread from now on; its error is raised where they are used."""
    belt = _Belt()
    maker = Thread(target=belt.fill, args=(items,), daemon=True)
    maker.start()
    return _taken(belt, maker)


def _taken(belt: "_Belt", maker: Thread) -> Iterator[Any]:
    try:
        while (found := belt.take()) is not None:
            yield from found
    finally:
        belt.stopped.set()
        maker.join()


class _Belt:
    """What runs between the two threads: one-item lists, then None for the end or the error that ended it."""

    def __init__(self) -> None:
        self._queue: Queue[Any] = Queue(WAITING)
        self.stopped = Event()

    def fill(self, items: Iterable[Any]) -> None:
        try:
            for item in items:
                if not self._put([item]):
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 — it is raised where the items are used
            self._put(error)

    def take(self) -> Any:
        found = self._queue.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _put(self, found: Any) -> bool:
        """Whether it was taken up; False once nobody takes any more."""
        while not self.stopped.is_set():
            try:
                self._queue.put(found, timeout=_LOOK_UP_SECONDS)
            except Full:
                continue
            return True
        return False
