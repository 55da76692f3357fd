"""The page's section on ad sets that earn too little: what the signal says, the largest waste first, absent
where nobody judged.
"""

from typing import Any

import pandas as pd
import pytest

from assets.reports.pages.page import render_dashboard
from assets.reports.pages.verdicts import SHOWN
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import AS_OF, frames
from tests.reports.reading import number, parsed


def judged(**own: list[Any]) -> pd.DataFrame:
    size = max((len(values) for values in own.values()), default=1)
    plain = {
        "day": pd.Timestamp(AS_OF), "platform": "meta_ads", "account_id": "a", "campaign_id": "c", "name": "Retargeting <b>", "goal": "sales",
        "target": 2.0, "roas_mean": 1.2, "roas_low": 0.9, "roas_high": 1.5, "p_below": 0.97, "regret_week": 120.0, "verdict": "pause",
        "why": "3 of 12.1 conversions expected by now at target; chance below target 97 %.",
    }  # fmt: skip
    whole = {name: [value] * size for name, value in plain.items()} | {
        "ad_set_id": [f"s{n}" for n in range(size)]
    }
    return pd.DataFrame(whole | own)


def page_of(rows: pd.DataFrame | None, findings: pd.DataFrame | None = None) -> Any:
    inputs = DashboardInputs(**(frames(days=10) | {"judged": rows, "findings": findings}))
    return parsed(render_dashboard(dashboard_view(inputs)))


def test_what_wastes_most_comes_first_and_every_number_is_the_signal_s() -> None:
    page = page_of(judged(regret_week=[10.0, 30.0, 20.0], verdict=["reduce", "pause", "pause"]))
    rows = page.one("section", id="verdicts").one("tbody").all("tr")
    assert [row.attributes["data-verdict"] for row in rows] == ["s1", "s2", "s0"]
    cells = rows[0].all("td")
    assert [number(cells[n]) for n in (2, 3, 4, 5)] == pytest.approx([0.97, 1.2, 2.0, 30.0])
    assert "0.90×–1.50×" in cells[3].text
    assert cells[6].text.startswith("3 of 12.1 conversions")
    assert "Retargeting <b>" in rows[0].text  # as text: nothing in it ran


def test_a_finding_says_what_became_of_it_where_it_stands() -> None:
    outcomes = pd.DataFrame(
        {
            "position": [1, 2],
            "platform": "meta_ads",
            "account_id": "a",
            "level": "ad_set",
            "entity_id": ["s0", "s1"],
            "outcome": ["proposed", "kept back"],
            "why": [None, "pauses a day: 2 pauses in account a, 1 allowed"],
        }
    )
    page = page_of(judged(regret_week=[30.0, 20.0, 10.0]), outcomes)
    rows = page.one("section", id="verdicts").one("tbody").all("tr")
    said = [row.all("td")[6].text for row in rows]
    assert said[0].endswith("Proposed: waits for approval")
    assert said[1].endswith("Kept back: pauses a day: 2 pauses in account a, 1 allowed")
    assert said[2].endswith("below target 97 %.")


def test_ad_sets_for_leads_have_no_roas_and_it_is_not_zero() -> None:
    rows = page_of(judged(goal=["leads"], roas_mean=[None], roas_low=[None], roas_high=[None], target=[0.01]))
    cells = rows.one("section", id="verdicts").one("tbody").one("tr").all("td")
    assert [cells[n].text for n in (3, 4)] == ["–", "–"]


def test_a_quiet_day_says_how_many_were_judged_and_another_day_or_none_says_nothing() -> None:
    quiet = page_of(judged(verdict=["fine", "watch", "not enough evidence"])).one("section", id="verdicts")
    assert "counted in: 1 watch, 1 fine, 1 not enough evidence." in quiet.text
    assert "3 ad sets judged" in quiet.text
    assert not quiet.all("table")
    assert not page_of(None).all("section", id="verdicts")
    assert not page_of(judged().assign(day=pd.Timestamp("2020-01-01"))).all("section", id="verdicts")
    assert not page_of(judged().iloc[:0]).all("section", id="verdicts")


def test_only_so_many_are_listed_and_the_rest_is_counted() -> None:
    section = page_of(judged(regret_week=list(range(40)))).one("section", id="verdicts")
    assert len(section.one("tbody").all("tr")) == SHOWN
    assert f"Below, the {SHOWN} that waste most" in section.text
