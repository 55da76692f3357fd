"""How many examples hypothesis draws: few enough for every run of the tests, ten times as many where
PAID_MEDIA_THOROUGH is set.

`PAID_MEDIA_THOROUGH=1 make test` looks longer for what a quick run may miss; both look for the same.
"""

import os

from hypothesis import settings

TIMES = 10 if os.environ.get("PAID_MEDIA_THOROUGH") else 1
USUAL = 40
"""Examples of a property that says nothing of its own."""


def examples(count: int) -> int:
    """That many, or ten times as many for a thorough run."""
    return count * TIMES


settings.register_profile("ours", max_examples=examples(USUAL), deadline=None)
settings.load_profile("ours")
