"""Who somebody is, without saying it: e-mail addresses and telephone numbers normalised and hashed as each
platform wants them.

Nothing raw leaves this module but through its callers' own hands: readers of a CRM hash at the door and
forget. Hashes are SHA-256 in lower-case hex, unsalted, because a platform can only match what it can compute
too; so they name a person to whoever knows the address, and are treated as personal data.

Rules: Google Ads trims and lower-cases, for gmail.com and googlemail.com without dots and what follows a
plus, and takes telephone numbers in E.164 with its plus. Meta trims and lower-cases, and takes digits with
the country's prefix alone. LinkedIn trims and lower-cases.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256

import phonenumbers

from resources.security.redaction import EMAIL

_DOTLESS = {"gmail.com", "googlemail.com"}


@dataclass(frozen=True)
class Identity:
    """What is kept of a person: hashes, or None where nothing usable was given."""

    email_sha256: str | None = None
    """Meta and LinkedIn; also what tells one person from another."""
    email_google_sha256: str | None = None
    phone_sha256: str | None = None
    """Of E.164 with its plus: Google."""
    phone_meta_sha256: str | None = None


def identity(email: str | None, phone: str | None, *, region: str | None = None) -> Identity:
    """The hashes of one person's address and number; `region` (such as DE) is for numbers without a country's
    prefix.
    """
    address, number = normal_email(email), normal_phone(phone, region=region)
    return Identity(
        email_sha256=_hashed(address),
        email_google_sha256=_hashed(_without_dots(address)),
        phone_sha256=_hashed(number),
        phone_meta_sha256=_hashed(number.removeprefix("+") if number else None),
    )


def normal_email(given: str | None) -> str | None:
    """The address trimmed and in lower case; None where it is none."""
    address = (given or "").strip().lower()
    return address if EMAIL.fullmatch(address) else None


def normal_phone(given: str | None, *, region: str | None = None) -> str | None:
    """The number in E.164, such as +4930123456; None where it cannot be one."""
    if given is None:
        return None
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_like(email: str | None, patterns: Iterable[str]) -> bool:
    """Whether an address fits one of the patterns, such as *@example.com; case aside."""
    address = (email or "").strip().lower()
    return any(fnmatchcase(address, pattern.lower()) for pattern in patterns)


def _without_dots(address: str | None) -> str | None:
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    return f"{local.split('+')[0].replace('.', '')}@{domain}" if domain in _DOTLESS else address


def _hashed(text: str | None) -> str | None:
    return sha256(text.encode()).hexdigest() if text else None
