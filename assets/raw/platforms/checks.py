"""Data-quality results as Dagster asset-check results: one per check, over all accounts of a platform."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.raw.platforms.pull import Pull
from assets.raw.platforms.quality_checks import CHECKS, WARN_ONLY, QualityResult


def results(
    context: dg.AssetExecutionContext, key: dg.AssetKey, pulls: Sequence[Pull], token_result: QualityResult
) -> Iterator[dg.AssetCheckResult]:
    """A result per check, over all accounts; without the asset that carries them, a failure is said by
    failing.
    """
    if key not in context.selected_asset_keys:
        if wrong := [f"{pull.reason}" for pull in pulls if pull.verdict != "accepted"]:
            raise dg.Failure(" ".join(wrong), allow_retries=False)
        return
    for name in CHECKS:
        if name == "every_account_was_read":
            yield all_read(key, name, pulls)
            continue
        results_of_check = [result for pull in pulls for result in pull.results if result.check == name]
        if name == token_result.check:
            results_of_check = [token_result]
        failures = [result.message for result in results_of_check if not result.passed]
        notes = [result.message for result in results_of_check if result.passed and result.message]
        shows_notes = name == "active_entities_are_reported"
        warns = name in WARN_ONLY
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=name,
            passed=not failures,
            severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
            description=" ".join(failures or (notes if shows_notes else [])) or CHECKS[name],
            metadata={"accounts": len(pulls), "accounts that failed": len(failures)},
        )


def all_read(key: dg.AssetKey, name: str, pulls: Sequence[Pull]) -> dg.AssetCheckResult:
    """The result of the check that every account was read (listed)."""
    wrong = [pull for pull in pulls if pull.verdict in {"failed", "postponed"}]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" ".join(f"{pull.account.name}: {pull.reason}" for pull in wrong)
        or "Every account was read.",
        metadata={"accounts": len(pulls), "accounts that failed": len(wrong)},
    )
