"""What incidents do to delivery, as factors on the market's own quantities: days x ads, one where nothing
happens.

Incidents that meet multiply. A factor follows from the day alone, so a day is still produced without the days
before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from sandbox.catalog import Catalog
from sandbox.incident import KINDS, Incident, Metric
from sandbox.random_draws import Floats, Whole


@dataclass(frozen=True)
class Effects:
    """Factors, days x ads; a single one stands for "as usual everywhere".

    `spend` is what budgets and demand let through, `price` of an impression, `click_rate` per impression,
    `conversion_rate` per click, `arriving` the share of conversions that the platform ever hears of, `served`
    the share of the day in which there is budget left.
    """

    spend: Floats
    price: Floats
    click_rate: Floats
    conversion_rate: Floats
    arriving: Floats
    served: Floats


AS_USUAL = Effects(*(np.ones((1, 1)) for _ in fields(Effects)))


def effects(catalog: Catalog, days: Whole, incidents: Iterable[Incident]) -> Effects:
    """What these incidents do to the account's ads on `days` (since 1970)."""
    factors: dict[Metric, Floats] = {}
    for incident in incidents:
        size = _size_on(incident, days)
        if (size == 1).all() or not (hit := ads_hit(catalog, incident)).any():
            continue
        for metric, power in KINDS[incident.kind].moves.items():
            factors.setdefault(metric, np.ones((len(days), len(hit))))
            factors[metric][:, hit] *= (size**power)[:, None]
    return replace(AS_USUAL, **factors)


def ads_hit(catalog: Catalog, incident: Incident) -> npt.NDArray[np.bool_]:
    """Which of the account's ads it happens to."""
    account, rows = catalog.account, np.arange(len(catalog.ads.id))
    if not incident.touches(account.platform, account.id):
        return np.zeros(len(rows), bool)
    if incident.level == "account":
        return np.ones(len(rows), bool)
    at = catalog.index[incident.level].get(int(incident.entity_id or 0), -1)
    return np.asarray(rows_above(catalog, incident.level) == at)


def rows_above(catalog: Catalog, level: str) -> Whole:
    """For every ad the row of the `level` entity that it is in."""
    if level == "ad":
        return np.arange(len(catalog.ads.id))
    return catalog.ads.ad_set if level == "ad_set" else catalog.ad_sets.campaign[catalog.ads.ad_set]


def _size_on(incident: Incident, days: Whole) -> Floats:
    """The incident's size day by day; 1 where it is not there."""
    since = days - int(np.datetime64(incident.first_day, "D").astype(int))
    if KINDS[incident.kind].lasts:
        return 1.0 - (1.0 - incident.size) * np.clip((since + 1) / incident.days, 0.0, 1.0)
    return np.where((since >= 0) & (since < incident.days), incident.size, 1.0)
