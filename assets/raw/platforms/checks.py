"""Verdicts on readings as results of asset checks: one per check, over all accounts of a platform."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.raw.platforms.pull import Pull
from assets.raw.platforms.quality_checks import CHECKS, WARN_ONLY, Verdict


def results(
    context: dg.AssetExecutionContext, key: dg.AssetKey, pulls: Sequence[Pull], ends: Verdict
) -> Iterator[dg.AssetCheckResult]:
    """A result per check, over all accounts; without the asset that carries them, a failure is said by failing."""
    if key not in context.selected_asset_keys:
        if wrong := [f"{pull.reason}" for pull in pulls if pull.verdict != "accepted"]:
            raise dg.Failure(" ".join(wrong), allow_retries=False)
        return
    for name in CHECKS:
        if name == "every_account_was_read":
            yield all_read(key, name, pulls)
            continue
        found = [one for pull in pulls for one in pull.verdicts if one.check == name]
        found = [ends] if name == ends.check else found
        wrong = [one.words for one in found if not one.passed]
        told = wrong or [
            one.words for one in found if one.words and one.passed and name == "active_entities_are_reported"
        ]
        warns = name in WARN_ONLY
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=name,
            passed=not wrong,
            severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
            description=" ".join(told) or CHECKS[name],
            metadata={"accounts": len(pulls), "accounts that failed": len(wrong)},
        )


def all_read(key: dg.AssetKey, name: str, pulls: Sequence[Pull]) -> dg.AssetCheckResult:
    """The result of the check that every account was read (listed)."""
    wrong = [pull for pull in pulls if pull.verdict in {"failed", "postponed"}]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" ".join(f"{one.account.name}: {one.reason}" for one in wrong)
        or "Every account was read.",
        metadata={"accounts": len(pulls), "accounts that failed": len(wrong)},
    )
