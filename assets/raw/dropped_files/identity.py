"""Which lines of several exports speak of the same account, campaign, ad set and ad.

A real id is the thing. Where an export has names alone, the name stands for the one id that another file
gives for it at the same place, and otherwise for an id made from the name. Two accounts are one only if their
ids say so.
"""

import hashlib
import re
from collections import defaultdict
from typing import Any

import pandas as pd

from assets.raw.dropped_files.layout import LEVELS

Thing = dict[str, Any]


def made_id(*parts: str) -> str:
    """A stable id from names: the same words give the same id, whatever their case and spacing."""
    text = "\x1f".join(_same(part) for part in parts)
    return f"name:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _same(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip().casefold()


def resolved(things: pd.DataFrame) -> pd.DataFrame:
    """The same things with every id filled down to their depth, and names where only ids were given.

    Args:
        things: platform, currency, account_id, account_name, depth, and per level id and name; empty where
            not given.
    """
    rows: list[Thing] = things.to_dict("records")
    _resolve_accounts(rows)
    for depth, level in enumerate(LEVELS, 1):
        _resolve_level(rows, level, LEVELS[depth - 2] if depth > 1 else "account", depth)
    return pd.DataFrame(rows, columns=things.columns, index=things.index)


def _resolve_accounts(rows: list[Thing]) -> None:
    """Accounts by id; by the id that another file gives for the name, or for a campaign's id; else by name
    and currency.
    """
    by_name, by_campaign = defaultdict(set), defaultdict(set)
    for row in rows:
        if row["account_id"]:
            if row["account_name"]:
                by_name[row["platform"], _same(row["account_name"])].add(row["account_id"])
            if row["campaign_id"]:
                by_campaign[row["platform"], row["campaign_id"]].add(row["account_id"])
    names = {
        (row["platform"], row["account_id"]): row["account_name"]
        for row in rows
        if row["account_id"] and row["account_name"]
    }
    for row in rows:
        name = row["account_name"]
        if not row["account_id"]:
            candidates = by_name.get((row["platform"], _same(name)), set()) if name else set()
            candidates = candidates or by_campaign.get((row["platform"], row["campaign_id"]), set())
            row["account_id"] = (
                next(iter(candidates))
                if len(candidates) == 1
                else made_id(row["platform"], name or f"unnamed {row['currency']}")
            )
        row["account_name"] = name or names.get(
            (row["platform"], row["account_id"]), f"Dropped files ({row['currency']})"
        )


def _resolve_level(rows: list[Thing], level: str, above: str, depth: int) -> None:
    own_id, own_name, above_id = f"{level}_id", f"{level}_name", f"{above}_id"
    ids = defaultdict(set)
    for row in rows:
        if row["depth"] >= depth and row[own_id] and row[own_name]:
            ids[row["platform"], row["account_id"], row[above_id], _same(row[own_name])].add(row[own_id])
    for row in rows:
        if row["depth"] < depth:
            row[own_id] = row[own_name] = ""
            continue
        if not row[own_id] and row[own_name]:
            candidates = ids.get(
                (row["platform"], row["account_id"], row[above_id], _same(row[own_name])), set()
            )
            row[own_id] = (
                next(iter(candidates))
                if len(candidates) == 1
                else made_id(row["platform"], row[above_id], row[own_name])
            )
        elif not row[own_id]:
            # A level the export leaves out: one stand-in for all that lies below the one above.
            parent = row[f"{above}_name"] if above != "account" else "the account"
            row[own_id], row[own_name] = made_id(row["platform"], row[above_id], level), f"(all of {parent})"
        row[own_name] = row[own_name] or row[own_id]
