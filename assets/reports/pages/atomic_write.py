"""Pages on disk."""

from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4


def write(path: Path, text: str) -> None:
    """Whole or not at all: someone may have the page open, and two runs may write at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{uuid4().hex[:8]}.tmp")
    fresh.write_text(text, encoding="utf-8", newline="")
    fresh.replace(path)


def keep_only(folder: Path, names: Iterable[str]) -> None:
    """Take the pages out of the folder that are none of these: an earlier writing of the day may have had
    others.
    """
    keep = set(names)
    for path in folder.glob("*.html"):
        if path.name not in keep:
            path.unlink(missing_ok=True)
