"""Prefetches batches in a thread of their own while earlier batches are being written.

The lake's writer pulls its rows from inside its own async runtime, where nothing that has such a runtime
itself may run; and reading a platform while the last answer is being written costs nothing.
"""

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")

WAITING = 3
"""Finished batches that may wait: enough to keep both sides busy, few enough to keep memory flat."""
_LOOK_UP_SECONDS = 0.1


def prefetched(items: Iterable[T]) -> Iterator[T]:
    """The items of `items`, which is iterated in another thread from now on; its error is raised where they
    are used.
    """
    queue = _BatchQueue()
    producer = Thread(target=queue.fill, args=(items,), daemon=True)
    producer.start()
    return _consume(queue, producer)


def _consume(queue: "_BatchQueue", producer: Thread) -> Iterator[Any]:
    try:
        while (batch := queue.take()) is not None:
            yield from batch
    finally:
        queue.stopped.set()
        producer.join()


class _BatchQueue:
    """Hands batches from the producer to the consumer: one-item lists, then None at the end, or the error
    that ended it.
    """

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
        batch = self._queue.get()
        if isinstance(batch, BaseException):
            raise batch
        return batch

    def _put(self, batch: Any) -> bool:
        """Whether it was taken up; False once nobody takes any more."""
        while not self.stopped.is_set():
            try:
                self._queue.put(batch, timeout=_LOOK_UP_SECONDS)
            except Full:
                continue
            return True
        return False
