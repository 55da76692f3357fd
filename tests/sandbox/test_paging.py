"""A crawl of all pages takes the sandbox time in proportion to the entities, not to entities times pages."""

from datetime import UTC, date, datetime
from time import process_time

import pytest

from sandbox.clock import Clock
from sandbox.meta.entities import node
from sandbox.meta.statuses import effective_statuses
from sandbox.meta.wire import _Wire
from sandbox.running_world import Stage, set_stage
from sandbox.world import World

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def stage_with(ad_sets: int) -> Stage:
    account = {
        "platform": "meta_ads", "id": "2000000001", "name": "A", "currency": "EUR", "time_zone": "UTC",
        "campaigns": ad_sets // 20, "ad_sets_per_campaign": 20, "ads_per_ad_set": 1,
    }  # fmt: skip
    return set_stage(
        World.model_validate({"name": "pages", "seed": 1, "begins": date(2026, 1, 1), "accounts": [account]}),
        Clock(NOW),
    )


def crawl(stage: Stage, *, limit: int) -> tuple[list[str], float]:
    """Ids of every ad set, page by page, and the CPU seconds that took."""
    wire = _Wire(stage, lambda: "")
    asked = {"access_token": stage.credentials.meta_access_token, "limit": str(limit), "fields": "name"}
    ids: list[str] = []
    began = process_time()
    while True:
        page = wire._node("GET", "act_2000000001/adsets", asked)
        ids += [row["id"] for row in page["data"]]
        if "next" not in page["paging"]:
            return ids, process_time() - began
        asked["after"] = page["paging"]["cursors"]["after"]


def test_a_crawl_of_four_times_the_ad_sets_takes_about_four_times_as_long() -> None:
    crawl(stage_with(400), limit=100)
    few, seconds = crawl(stage_with(2_000), limit=100)
    many, more_seconds = crawl(stage_with(8_000), limit=100)
    assert (len(set(few)), len(set(many))) == (2_000, 8_000)
    assert more_seconds < 8 * seconds  # making every page from all of them again took 15 times as long


@pytest.mark.parametrize("level", ["campaign", "ad_set", "ad"])
def test_statuses_of_all_at_once_are_those_of_each_node(level: str) -> None:
    stage = stage_with(200)
    account = stage.world.accounts[0]
    catalog = stage.market.catalog(account)
    for of, row, value in (
        ("campaign", 2, "PAUSED"),
        ("ad_set", 5, "ARCHIVED"),
        ("ad", 9, "DELETED"),
        ("ad_set", 40, "PAUSED"),
    ):
        stage.market.change(account, of, int(getattr(catalog, of + "s").id[row]), "status", value)
    rows = range(len(getattr(catalog, level + "s").id))
    one_by_one = [node(stage, account, level, row)["effective_status"] for row in rows]
    assert effective_statuses(stage, account, level) == one_by_one
    assert len(set(one_by_one)) > 1
