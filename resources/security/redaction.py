"""What never leaves in a message, a log or an error: tokens, mail addresses, telephone numbers, calls to a
whole chat.

Names at a platform are written by people, and hold anything. Account numbers are needed and stay: only what
begins with + and a country code counts as a telephone number.
"""

import re
from collections.abc import Iterable

HIDDEN = "(hidden)"
EMAIL = re.compile(r"[^@\s<>\"',;:()\[\]]+@[^@\s<>\"',;:()\[\]]+\.[^@\s<>\"',;:()\[\]]+")
_LONG_HEX = re.compile(r"[0-9A-Fa-f]{32,}")
_ANY_LONG_NUMBER = re.compile(r"(?<![\w.-])\+?\d[\d\s().\-/]{6,}\d(?!\w)")
_KINDS = (
    EMAIL,
    re.compile(r"\+\d(?:[ ()/-]*\d){8,14}"),  # a telephone number
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(
        r"(?i)\b(?:access_?|refresh_?|id_?|api_?|auth_?|client_?)?"
        r"(?:token|secret|passw(?:or)?d|pwd|key|signature)\b[\"']?\s*[=:]\s*[\"']?[^\s&\"',;]{4,}"
    ),
    re.compile(
        r"\b(?:xox[a-z]-|xapp-|ya29\.|1//0|GOCSPX-|AIza|EAA[A-Za-z0-9]{8}|pat-[a-z]{2}\d-|AKIA|gh[pousr]_|WPL_AP1\.|eyJ)[\w./+=-]{8,}"
    ),
    re.compile(r"(?<=://)[^/\s@]+@"),  # a login in an address
    re.compile(
        r"\b(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{40,}\b"
    ),  # anything that long and mixed is a key
)
_CALLS = re.compile(r"(?i)@(?=(?:channel|here|everyone|all)\b)")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without anything of the kind, and without these `secrets` wherever they stand."""
    for secret in sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for kind in _KINDS:
        text = kind.sub(HIDDEN, text)
    text = _CALLS.sub("@\N{ZERO WIDTH SPACE}", text)
    return text.replace("<!", "<\N{ZERO WIDTH SPACE}!")


def without_people(text: str) -> str:
    """Text of a CRM without mail addresses and telephone numbers.

    There are no account numbers there: any long number may be a telephone's.
    """
    return _ANY_LONG_NUMBER.sub("[number]", EMAIL.sub("[address]", text))


def without_hashes(text: str) -> str:
    """Text without hashes: what a platform repeats of an upload is still about people."""
    return _LONG_HEX.sub("[hash]", text)
