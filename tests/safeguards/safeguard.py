"""What a safeguard is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Safeguard:
    """One safeguard: `text` in `file` makes it, with `before` in its place it is gone, and `tests` have to
    notice.
    """

    name: str
    file: str
    text: str
    before: str
    tests: str
