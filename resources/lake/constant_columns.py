"""Columns that hold one value in every row: an account, its currency, the instant of a reading."""

from functools import lru_cache
from typing import Any

import pyarrow as pa

RUN = 10_000
"""As many rows as a platform's message has at most."""


def repeated(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    """The same value `count` times.

    What was made once is cut to length, because most batches are as long as each other.
    """
    return _run_of(value, kind).slice(0, count) if count <= RUN else pa.repeat(pa.scalar(value, kind), count)


@lru_cache(maxsize=32)
def _run_of(value: Any, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), RUN)
