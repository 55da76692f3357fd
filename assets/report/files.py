"""Pages on disk."""

from pathlib import Path


def write(path: Path, text: str) -> None:
    """Whole or not at all: someone may have the page open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text, encoding="utf-8", newline="")
    fresh.replace(path)
