"""Looks through everything that was written and said for addresses, numbers and names of the sandbox's
people.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from resources.lake.lake import Lake
from sandbox.hubspot.objects import Holdings


def assert_name_nobody(texts: Iterable[str], held: Holdings) -> None:
    """No text holds an address, a telephone number or a name of anybody in the CRM."""
    rows = np.flatnonzero(held.books.funnel.is_contact)
    people = {held.cards.email(int(row)).lower() for row in rows}
    names = {part for row in rows for part in held.cards.name(int(row))}
    phones = {re.sub(r"\D", "", held.cards.phone(int(row)) or "")[-8:] for row in rows} - {""}
    for text in texts:
        low = text.lower()
        assert not any(
            address in low for address in re.findall(r"[\w.+-]+@[\w-]+\.\w+", low) if address in people
        )
        assert not any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)
        digits = re.sub(r"[\s().+-]", "", text)
        assert not any(digits == phone or digits.endswith(phone) for phone in phones if len(digits) < 16)


def texts_of(lake: Lake) -> set[str]:
    """Every text in every file of the lake."""
    texts: set[str] = set()
    for path in Path(lake.root).rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for field in table.schema:
                if pa.types.is_string(field.type):
                    texts |= {value for value in table.column(field.name).unique().to_pylist() if value}
        elif path.suffix == ".json":
            texts.add(path.read_text("utf-8"))
    return texts
