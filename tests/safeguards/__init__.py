"""The safeguards that `python -m tests.reverted_guards` takes back one at a time."""

from tests.safeguards import gate_and_ledger, requests_and_policy
from tests.safeguards.safeguard import Safeguard

SAFEGUARDS: tuple[Safeguard, ...] = (*requests_and_policy.SAFEGUARDS, *gate_and_ledger.SAFEGUARDS)
