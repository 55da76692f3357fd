"""Raw CRM records: contacts, companies, deals with stage history and touches, read incrementally."""

from collections.abc import Iterator

import dagster as dg

from assets.automation import SAFE_RETRIES
from resources.crm.incremental_load import CrmLoad, read_and_keep
from resources.crm.registry import Crms
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.tables.crm import CRM_PULLS, READ

NOT_CONFIGURED = {"note": "No CRM is configured (docs/crm.md)."}


@dg.multi_asset(
    name="pull_crm",
    specs=[table.asset_spec(skippable=True) for table in READ.values()],
    can_subset=False,
    pool="crm_api",
    retry_policy=SAFE_RETRIES,
)
def crm_records(lake: dg.ResourceParam[Lake], crms: dg.ResourceParam[Crms]) -> Iterator[dg.MaterializeResult]:
    """Reads what changed in the CRM. No row of it is shown: even hashed, an address is somebody's."""
    with one_sentence():
        loads = [read_and_keep(lake, reader, crms.mapping(), now=crms.now) for reader in crms.readers()]
    for name, table in READ.items():
        yield dg.MaterializeResult(
            asset_key=table.asset_key, metadata=_metadata(name, loads) if loads else NOT_CONFIGURED
        )


def _metadata(name: str, loads: list[CrmLoad]) -> dict[str, int | str]:
    return {
        "dagster/row_count": sum(len(load.reading.rows.get(name, [])) for load in loads),
        "new or changed rows": sum(load.changed.get(name, 0) for load in loads),
        "merged records": sum(load.reading.merged for load in loads),
        "deleted records": sum(load.reading.deleted for load in loads),
        "calls": sum(load.reading.calls for load in loads),
        "traits left out": (
            "; ".join(
                f"{out.trait}: {out.distinct} different values, which is free text"
                for load in loads
                for out in load.left_out
                if out.trait.startswith(f"{name}.")
            )
            or "none"
        ),
        "cells not read": (
            "; ".join(
                f"{count} x {what}"
                for load in loads
                for what, count in load.reading.unread.items()
                if what.startswith(f"{'stages' if name == 'deal_stages' else name}.")
            )
            or "none"
        ),
        "read": ", ".join(
            f"{load.reading.source} ({'everything' if load.reading.since is None else 'changes'})"
            for load in loads
        ),
    }


crm_pulls = CRM_PULLS.asset_spec()
