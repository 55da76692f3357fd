"""Batches made one step ahead, in a thread of their own, while the ones before are being written.

The lake's writer pulls its rows from inside its own async runtime, where nothing that has such a runtime itself may run; and
reading a platform while the last answer is being written costs nothing.
"""

from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")

WAITING = 3
"""Finished batches that may wait: enough to keep both sides busy, few enough to keep memory flat."""
_LOOK_UP_SECONDS = 0.1


def made_ahead(items: Iterable[T]) -> Iterator[T]:
    """The items of `items`, which is iterated in another thread; its error is raised here."""
    queue: Queue[tuple[str, Any]] = Queue(WAITING)
    stopped = Event()

    def put(kind: str, value: Any) -> None:
        while not stopped.is_set():
            try:
                queue.put((kind, value), timeout=_LOOK_UP_SECONDS)
            except Full:
                continue
            return

    def make() -> None:
        try:
            for item in items:
                put("item", item)
                if stopped.is_set():
                    return
            put("end", None)
        except BaseException as error:  # noqa: BLE001 — it is raised where the items are used
            put("error", error)

    maker = Thread(target=make, daemon=True)
    maker.start()
    try:
        while True:
            kind, value = _next(queue)
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stopped.set()
        maker.join()


def _next(queue: "Queue[tuple[str, Any]]") -> tuple[str, Any]:
    while True:
        try:
            return queue.get(timeout=_LOOK_UP_SECONDS)
        except Empty:
            continue
