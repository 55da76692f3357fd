"""The key that signs what the ledger holds: kept outside the database, so that writing to the database is not
enough.

Decisions, references, switches, shadow entries and the head of the audit chain carry an HMAC-SHA256 (RFC
2104) by this key. Whoever can write to the database but does not have the key can delete and damage, which is
noticed, but cannot approve.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resources.errors import SettingsWrong

KEY_BYTES = 32


@dataclass(frozen=True)
class LedgerKey:
    """Signs and checks the ledger's rows. Shows nothing of itself."""

    _secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self._secret) < KEY_BYTES:
            raise SettingsWrong(f"The ledger's key has fewer than {KEY_BYTES} bytes. Make a new one.")

    def sign(self, purpose: str, content: Mapping[str, Any]) -> str:
        """The HMAC over a row's content; `purpose` keeps a signature of one table from serving in another."""
        text = json.dumps([purpose, dict(content)], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def has_signed(self, purpose: str, content: Mapping[str, Any], signature: str | None) -> bool:
        """Whether this key made the signature for exactly this content."""
        if not signature or not signature.isascii():
            return False
        return hmac.compare_digest(self.sign(purpose, content), signature)


def load_ledger_key(setting: str | None, *, file: Path, project: Path, is_outside: bool) -> LedgerKey:
    """The key from PAID_MEDIA_LEDGER_KEY, or from its file, which is made where there is none.

    Args:
        setting: The variable's value: at least 64 hexadecimal digits.
        file: The secret file.
        project: The repository.
        is_outside: Whether the file has to lie outside the repository.

    Raises:
        SettingsWrong: The key is malformed, lies in the repository, or can be read by others.
    """
    if setting is None:
        if is_outside and file.resolve().is_relative_to(project.resolve()):
            raise SettingsWrong(
                f"{file} lies in the repository. Keep the ledger's key outside it and set"
                " PAID_MEDIA_LEDGER_KEY_FILE."
            )
        if not file.exists():
            _create(file)
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SettingsWrong(f"{file} can be read by others. Run `chmod 600` on it.")
        setting = file.read_text("utf-8").strip()
    try:
        return LedgerKey(bytes.fromhex(setting))
    except ValueError:
        raise SettingsWrong(
            "The ledger's key is not hexadecimal. Set PAID_MEDIA_LEDGER_KEY to 64 hexadecimal digits, or"
            " remove the variable."
        ) from None


def _create(file: Path) -> None:
    """A new key under a temporary name first: another process never reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        os.link(fresh, file)  # fails where another process was first; its key counts
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
