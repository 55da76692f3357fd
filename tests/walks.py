"""Call chains: which project files carry a value from where it arrives to where it is used.

A reader who wants to know what happens to a row opens the files of its call chain, so their number is kept
small (tests/test_walks.py).
"""

import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROJECT_FOLDERS = tuple(f"{ROOT / folder}/" for folder in ("assets", "orchestration", "resources", "sensors"))


def project_files(frame: FrameType | None) -> set[str]:
    """Files of the project on the call stack that ends in `frame`."""
    files = set()
    while frame is not None:
        if (path := frame.f_code.co_filename).startswith(PROJECT_FOLDERS):
            files.add(str(Path(path).relative_to(ROOT)))
        frame = frame.f_back
    return files


@contextmanager
def call_chains(ends: Collection[str]) -> Iterator[dict[str, set[str]]]:
    """While it is open: for each function in `ends` ("file.py:qualified name"), all files on the stacks that
    called it.

    A worker thread's chain includes what the main thread was calling meanwhile: it waits for the worker
    there.
    """
    chains: dict[str, set[str]] = {end: set() for end in ends}
    main = threading.get_ident()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        del argument
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(PROJECT_FOLDERS):
            return
        end = f"{Path(path).relative_to(ROOT)}:{frame.f_code.co_qualname}"
        if end in chains:
            chains[end] |= project_files(frame)
            if threading.get_ident() != main:
                chains[end] |= project_files(sys._current_frames().get(main))

    sys.setprofile(watch)
    threading.setprofile(watch)
    try:
        yield chains
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type] # None is how it is switched off
