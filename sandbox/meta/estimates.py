"""reachestimate and delivery_estimate: how many people a targeting reaches, as a range, or -1 where Meta does
not say.

A country's people, or those of the account's population where it has one, are thinned by age and interests;
an uploaded audience counts those of it that the platform knows, whose overlaps follow from the hashes they
hold, and one of a pool the pool's people.
"""

from typing import Any

from sandbox.audiences import EMAIL, is_known
from sandbox.meta.audiences import new_targeting
from sandbox.meta.parameters import require_known
from sandbox.meta.refusals import bad
from sandbox.running_world import Stage
from sandbox.world import Account

PEOPLE = {
    "DE": 38_000_000,
    "AT": 4_400_000,
    "CH": 4_000_000,
    "US": 190_000_000,
    "GB": 42_000_000,
    "FR": 36_000_000,
    "ES": 28_000_000,
    "NL": 11_000_000,
    "JP": 26_000_000,
    "BR": 112_000_000,
}
"""Monthly people on Meta's apps by country."""
OTHER_COUNTRY = 5_000_000
YOUNGEST, OLDEST = 18, 65
INTEREST_SHARE = 0.12
LEAST_TOLD = 1_000
PARAMETERS = {
    "reachestimate": {"targeting_spec", "optimize_for"},
    "delivery_estimate": {"targeting_spec", "optimization_goal", "promoted_object"},
}


def estimate(stage: Stage, account: Account, edge: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The answer of either edge.

    Raises:
        Refused: A parameter is not honoured, or the targeting is none.
    """
    require_known(parameters, PARAMETERS[edge], edge=edge)
    if "targeting_spec" not in parameters:
        raise bad("The parameter targeting_spec is required", blame="targeting_spec")
    targeting = new_targeting(stage, account, parameters["targeting_spec"])
    low, high = people(stage, account, targeting)
    if edge == "reachestimate":
        return {"data": {"users_lower_bound": low, "users_upper_bound": high, "estimate_ready": True}}
    if not parameters.get("optimization_goal"):
        raise bad("The parameter optimization_goal is required", blame="optimization_goal")
    return {
        "data": [{"estimate_mau_lower_bound": low, "estimate_mau_upper_bound": high, "estimate_ready": True}]
    }


def people(stage: Stage, account: Account, targeting: dict[str, Any]) -> tuple[int, int]:
    """Lowest and highest number of people; -1 twice where a custom audience is too small to be told of."""
    included = _hashes(stage, account, targeting.get("custom_audiences", ()))
    excluded = _hashes(stage, account, targeting.get("excluded_custom_audiences", ()))
    groups = targeting.get("flexible_spec", ())
    for group in groups:
        if "custom_audiences" in group:
            own_id = _hashes(stage, account, group["custom_audiences"])
            included = own_id if included is None else included & (own_id or set())
    share = _age_share(targeting) * INTEREST_SHARE ** sum("interests" in group for group in groups)
    kept_out = _pool_ids(targeting, "excluded_custom_audiences")
    pools = {str(entry.audience_id): entry.counted or 0 for entry in stage.audiences_of(account)}
    if included is not None:
        counted = sum(pools.get(own_id, 0) for own_id in _pool_ids(targeting, "custom_audiences") - kept_out)
        thinned = min(1.0, share / _age_share(targeting))
        count = int((len(included - (excluded or set())) + counted) * thinned)
        return (-1, -1) if count < LEAST_TOLD else _bounds(count)
    population = stage.market.people.population(account)
    if population is None:
        countries = targeting["geo_locations"]["countries"]
        everybody = float(sum(PEOPLE.get(name, OTHER_COUNTRY) for name in countries))
    else:
        everybody = float(population.size.sum()) - sum(pools.get(own_id, 0) for own_id in kept_out)
    return _bounds(max(int(everybody * share) - len(excluded or ()), LEAST_TOLD))


def _pool_ids(targeting: dict[str, Any], name: str) -> set[str]:
    return {str(entry["id"]) for entry in targeting.get(name, ())}


def _hashes(stage: Stage, account: Account, named: Any) -> set[str] | None:
    """Known people of the audiences that are named, None where none is."""
    ids = {str(entry["id"]) for entry in named}
    if not ids:
        return None
    return {
        own_id
        for audience in stage.audiences.of("meta_ads", account.id)
        if str(audience.audience_id) in ids
        for kind, own_id in audience.members
        if kind == EMAIL and is_known("meta_ads", own_id)
    }


def _age_share(targeting: dict[str, Any]) -> float:
    low, high = int(targeting.get("age_min", YOUNGEST)), int(targeting.get("age_max", OLDEST))
    return max(high - low + 1, 1) / (OLDEST - YOUNGEST + 1)


def _bounds(count: int) -> tuple[int, int]:
    """A range around a number, in steps of its second digit."""
    step = 10 ** max(len(str(count)) - 2, 2)
    low = max(count // step * step, LEAST_TOLD)
    return low, low + max(step, low // 6 // step * step)
