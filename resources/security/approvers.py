"""Who an approver is: secrets kept outside the repository, one-time codes (RFC 6238), and codes bound to
exactly what is decided.

A code is worthless once it is used, so it may stand in a run's configuration, where everybody can read it. A
secret never does.
"""

import base64
import hashlib
import hmac
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyotp
from dotenv import dotenv_values

from resources.errors import SettingsWrong

TOTP_SECONDS, BOUND_SECONDS = 30, 300
BOUND_LETTERS = 10
_ISSUER = "Paid-media operations"


@dataclass(frozen=True)
class Approvers:
    """Secrets by name. Shows none of them."""

    _secrets: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Approvers({', '.join(sorted(self._secrets))})"

    @property
    def names(self) -> list[str]:
        return sorted(self._secrets)

    def knows(self, name: str) -> bool:
        return name in self._secrets

    def proof(
        self, name: str, code: str, *, decision: str, digests: Iterable[str], at: datetime
    ) -> tuple[str, str] | None:
        """How the code proves `name`, and what it uses up; None where it proves nothing.

        Args:
            name: Who is said to decide.
            code: Six digits of an authenticator, or ten letters of `code`.
            decision: approve or reject; a bound code holds for one of them.
            digests: Of exactly what is decided on.
            at: When the run was launched, by the server's clock.
        """
        secret, given = self._secrets.get(name), code.strip().upper()
        if (
            not secret or not given.isascii()
        ):  # digits of other scripts are digits to Python, and no code of ours
            return None
        if given.isdigit():
            step = _totp_step(secret, given, at)
            return None if step is None else ("totp", f"totp:{step}")
        digests = tuple(digests)
        for step in _steps(at, BOUND_SECONDS, back=2):
            if hmac.compare_digest(_bound(secret, decision, digests, step), given):
                return "bound", f"bound:{given}:{step}"
        return None

    def bound_code(self, name: str, *, decision: str, digests: Iterable[str], at: datetime) -> str:
        """A code for exactly these digests and this decision, good for ten minutes at least."""
        return _bound(self._secrets[name], decision, digests, int(at.timestamp()) // BOUND_SECONDS)

    def totp(self, name: str, *, at: datetime) -> str:
        """The six digits an authenticator shows at that moment."""
        return pyotp.TOTP(self._secrets[name]).at(at)


def load_approvers(
    env: Mapping[str, str], *, file: Path | None, project: Path, is_outside: bool
) -> Approvers:
    """Secrets from PAID_MEDIA_APPROVERS (alice=BASE32,bob=BASE32) over a file with a line `alice=BASE32`
    each.

    Args:
        env: The environment.
        file: The secret file; one that is not there holds nobody.
        project: The repository.
        is_outside: Whether the file has to lie outside the repository.

    Raises:
        SettingsWrong: The file lies in the repository or is open to others, or a secret is none.
    """
    secrets_by_name: dict[str, str] = {}
    if file is not None and file.exists():
        if is_outside and file.resolve().is_relative_to(project.resolve()):
            raise SettingsWrong(
                f"{file} lies in the repository. Keep approvers' secrets outside it and set"
                " PAID_MEDIA_APPROVERS_FILE."
            )
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SettingsWrong(f"{file} can be read by others. Run `chmod 600` on it.")
        secrets_by_name |= {
            name: value or "" for name, value in dotenv_values(file, interpolate=False).items()
        }
    for pair in filter(None, env.get("PAID_MEDIA_APPROVERS", "").split(",")):
        name, _, secret = pair.partition("=")
        secrets_by_name[name.strip()] = secret.strip()
    for name, secret in secrets_by_name.items():
        try:
            if len(base64.b32decode(secret)) < 16:
                raise ValueError  # noqa: TRY301 — one sentence for all that is wrong
        except ValueError:
            raise SettingsWrong(
                f"The secret of approver {name} is no base32 secret of at least 128 bits. Enroll anew."
            ) from None
    return Approvers(secrets_by_name)


def enroll(file: Path, name: str) -> str:
    """A new secret for `name`, kept in the file, and the address an authenticator scans."""
    secret = pyotp.random_base32()
    secrets_by_name = dict(dotenv_values(file, interpolate=False)) if file.exists() else {}
    secrets_by_name[name] = secret
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write("".join(f"{approver}={value}\n" for approver, value in sorted(secrets_by_name.items())))
    fresh.replace(file)
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def _totp_step(secret: str, code: str, at: datetime) -> int | None:
    one_time_codes = pyotp.TOTP(secret)
    for step in _steps(at, TOTP_SECONDS, back=1):
        if hmac.compare_digest(one_time_codes.generate_otp(step), code):
            return step
    return None


def _steps(at: datetime, seconds: int, *, back: int) -> list[int]:
    now = int(at.timestamp()) // seconds
    return [now - n for n in range(back + 1)]


def _bound(secret: str, decision: str, digests: Iterable[str], step: int) -> str:
    content = "\n".join([decision, str(step), *sorted(digests)])
    signature = hmac.new(base64.b32decode(secret), content.encode(), hashlib.sha256).digest()
    return base64.b32encode(signature)[:BOUND_LETTERS].decode()
