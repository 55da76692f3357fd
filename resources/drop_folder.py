"""The folder for exports that people drop: listing, fingerprint, and files given back that could not be read."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from resources.readers.encodings import text_of

ENDINGS = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".zip"}
"""What is looked at. Old workbooks and archives cannot be read, and are named with what to do."""
MAPPING_ENDINGS = (".mapping.yaml", ".mapping.yml")
ASIDE = "rejected"


@dataclass(frozen=True)
class DroppedFile:
    """One export with its bytes or where they are, the text of the mapping beside it, and when it was last
    written.
    """

    name: str
    source: bytes | Path
    mapping: str | None
    modified_at: datetime

    @property
    def content(self) -> bytes:
        """The bytes, read when they are asked for: a folder may hold more than memory should."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


class DroppedFiles:
    """One folder. It need not exist: then there are no files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[DroppedFile]:
        """Every export in the folder itself, by name."""
        return [
            DroppedFile(
                path.name,
                path,
                self._mapping_of(path),
                datetime.fromtimestamp(path.stat().st_mtime, UTC),
            )
            for path in self._exports()
        ]

    def fingerprint(self) -> str:
        """A text that changes whenever a file or a mapping is added, changed or taken away."""
        seen = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self._watched()]
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    def give_back(self, name: str, text: str) -> Path:
        """Write a text into the folder's `rejected` part, whole or not at all."""
        path = self.folder / ASIDE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(path.suffix + ".tmp")
        fresh.write_text(text, encoding="utf-8", newline="")
        fresh.replace(path)
        return path

    def clear_given_back(self) -> None:
        """Forget what was given back before: it speaks of files as they were then."""
        for path in (self.folder / ASIDE).glob("*"):
            if path.name.endswith((".rejected.csv", ".mapping.yaml")):
                path.unlink()

    def _exports(self) -> list[Path]:
        return [path for path in self._watched() if path.suffix.lower() in ENDINGS]

    def _watched(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        endings = ENDINGS | {".yaml", ".yml"}
        hidden = (".", "~$")  # half-written downloads, and the lock files of an open spreadsheet
        paths = sorted(self.folder.iterdir())
        return [
            p for p in paths if p.is_file() and p.suffix.lower() in endings and not p.name.startswith(hidden)
        ]

    @staticmethod
    def _mapping_of(path: Path) -> str | None:
        """The mapping's text; one in no known encoding is handed on as it is and refused with its file."""
        for ending in MAPPING_ENDINGS:
            beside = path.with_name(path.stem + ending)
            if beside.is_file():
                content = beside.read_bytes()
                text = text_of(content)
                return content.decode("utf-8", errors="replace") if text is None else text
        return None
