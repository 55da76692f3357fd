"""The folder for exports that people drop: listing, fingerprint, files given back that could not be read, and
readings kept for files that do not change.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from resources.config.settings import Settings
from resources.readers.encodings import text_of

ENDINGS = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".zip"}
"""What is looked at. Old workbooks and archives cannot be read, and are named with what to do."""
MAPPING_ENDINGS = (".mapping.yaml", ".mapping.yml")
ASIDE = "rejected"
_ROOT = Path(__file__).parents[1]
READERS = (_ROOT / "assets" / "raw" / "dropped_files", _ROOT / "resources" / "readers")
"""Folders of the program that reads exports: a reading by another version of it does not count."""


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


class ReadingCache:
    """Readings of files by the identity of what they were read from: the file's bytes, its name, its mapping
    and the program that reads.

    An entry that cannot be read or written is none: the file is then read again.
    """

    def __init__(self, folder: Path, *, program: Iterable[Path] = READERS) -> None:
        self.folder = folder
        digest = hashlib.sha256()
        for source in sorted(path for part in program for path in part.glob("*.py")):
            digest.update(source.name.encode() + source.read_bytes())
        self._program = digest.hexdigest()
        self._used: set[str] = set()

    def load(self, file: DroppedFile, sha: str) -> bytes | None:
        """What was stored for this file with bytes of that SHA-256, None where there is nothing."""
        try:
            return self._path(file, sha).read_bytes()
        except OSError:
            return None

    def store(self, file: DroppedFile, sha: str, reading: bytes) -> None:
        """Keep a reading, whole or not at all."""
        path = self._path(file, sha)
        fresh = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(reading)
            fresh.replace(path)
        except OSError:
            return

    def forget_unused(self) -> None:
        """Remove the readings of files that were not asked for since this cache was opened."""
        for path in self.folder.glob("*.reading"):
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def _path(self, file: DroppedFile, sha: str) -> Path:
        identity = "\x1f".join((self._program, file.name, sha, file.mapping or "", str(file.mapping is None)))
        name = f"{hashlib.sha256(identity.encode()).hexdigest()}.reading"
        self._used.add(name)
        return self.folder / name


class DroppedFiles:
    """One folder. It need not exist: then there are no files. `readings` is a folder for a cache of what was
    read, None for none.
    """

    def __init__(self, folder: Path, *, readings: Path | None = None) -> None:
        self.folder = folder
        self._readings = readings

    def cache(self) -> ReadingCache | None:
        """The cache of readings, opened for one reading of the folder."""
        return None if self._readings is None else ReadingCache(self._readings)

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


def drop_folder(settings: Settings) -> DroppedFiles:
    """The profile's drop folder, with its cache of readings."""
    return DroppedFiles(settings.drop_dir, readings=settings.readings_dir)
