"""Raw CRM records: contacts, companies, deals with stage history and touches, read incrementally."""

from collections.abc import Iterator

import dagster as dg

from assets.automation import SAFE_RETRIES
from resources.crm.incremental_load import Kept, read_and_keep
from resources.crm.registry import Crms
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.tables.crm import CRM_PULLS, READ



NOT_CONFIGURED = {"note": "No CRM is configured (docs/crm.md)."}


@dg.multi_asset(
    name="pull_crm",
    specs=[table.asset_spec(group="raw", skippable=True) for table in READ.values()],
    can_subset=False,
    pool="crm_api",
    retry_policy=SAFE_RETRIES,
)
def crm_records(lake: dg.ResourceParam[Lake], crms: dg.ResourceParam[Crms]) -> Iterator[dg.MaterializeResult]:
    """Reads what changed in the CRM. No row of it is shown: even hashed, an address is somebody's."""
    with one_sentence():
        kept = [read_and_keep(lake, reader, crms.mapping(), now=crms.now) for reader in crms.readers()]
    for name, table in READ.items():
        yield dg.MaterializeResult(
            asset_key=table.asset_key, metadata=_told(name, kept) if kept else NOT_CONFIGURED
        )


def _told(name: str, kept: list[Kept]) -> dict[str, int | str]:
    return {
        "dagster/row_count": sum(len(one.reading.rows.get(name, [])) for one in kept),
        "new or changed rows": sum(one.changed.get(name, 0) for one in kept),
        "merged records": sum(one.reading.merged for one in kept),
        "deleted records": sum(one.reading.deleted for one in kept),
        "calls": sum(one.reading.calls for one in kept),
        "traits left out": "; ".join(
            f"{out.trait}: {out.distinct} different values, which is free text"
            for one in kept
            for out in one.left_out
            if out.trait.startswith(f"{name}.")
        )
        or "none",
        "read": ", ".join(
            f"{one.reading.source} ({'everything' if one.reading.since is None else 'changes'})"
            for one in kept
        ),
    }


crm_pulls = CRM_PULLS.asset_spec(group="raw")
