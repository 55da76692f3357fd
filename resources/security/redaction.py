"""What never leaves in a message, a log or an error: tokens, mail addresses, telephone numbers, calls to a whole chat.

Names at a platform are written by people, and hold anything. Account numbers are needed and stay: only what begins with + and a
country code counts as a telephone number.
"""

import re
from collections.abc import Iterable

HIDDEN = "(hidden)"
_KINDS = (
    re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),  # a mail address
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
    for secret in sorted((one for one in secrets if len(one) >= 6), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for kind in _KINDS:
        text = kind.sub(HIDDEN, text)
    text = _CALLS.sub("@\N{ZERO WIDTH SPACE}", text)
    return text.replace("<!", "<\N{ZERO WIDTH SPACE}!")
