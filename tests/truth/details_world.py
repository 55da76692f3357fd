"""A small world with searches, texts and people, read once through the wires into raw and core for all its tests."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from assets.core.audiences import assets as audience_assets
from assets.core.audiences import checks as audience_checks
from assets.core.breakdowns import assets as breakdown_assets
from assets.core.breakdowns import checks as breakdown_checks
from assets.core.creatives import assets as creative_assets
from assets.core.creatives import checks as creative_checks
from assets.core.fx import assets as fx
from assets.core.performance import assets as performance
from assets.core.search_terms import assets as search_assets
from assets.core.search_terms import checks as search_checks
from assets.raw.details import assets as details
from assets.raw.platforms import assets as ingest
from orchestration.schedules import day_range_tags
from resources.config.settings import Settings, load_settings
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.platforms.registry import Platforms
from sandbox.audiences import EMAIL
from sandbox.behaviour import AdTexts, Behaviour, Population, Searches
from sandbox.clock import Clock
from sandbox.running_world import Stage, set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import Account, World
from tests.conftest import MORNING
from tests.wire.linkedin_plain import Plain
from tests.wire.meta_official import official as meta_client

FIRST, LAST = date(2026, 11, 9), date(2026, 11, 22)
GOOGLE, META, LINKEDIN = "1000000066", "2000000066", "510000066"
POST = {
    "author": "urn:li:organization:1",
    "adContext": {"dscAdAccount": f"urn:li:sponsoredAccount:{LINKEDIN}", "dscStatus": "ACTIVE"},
    "commentary": "Made to last, and for you.",
    "visibility": "PUBLIC",
    "lifecycleState": "PUBLISHED",
    "distribution": {"feedDistribution": "NONE"},
    "contentLandingPage": "https://shop.example/x",
    "contentCallToActionLabel": "LEARN_MORE",
    "content": {"media": {"id": "urn:li:image:1", "title": "Trail shoes"}},
}


def _world() -> World:
    busy = Behaviour(daily_budget=90, conversion_rate=0.06, ctr=0.04, cpm=20, paused_share=0.0)
    searched = {
        "searches": Searches(vocabulary=300, hidden_share=0.3),
        "ad_texts": AdTexts(languages=("de",)),
    }
    accounts = (
        Account(
            platform="google_ads",
            id=GOOGLE,
            name="Searched",
            currency="EUR",
            time_zone="Europe/Berlin",
            campaigns=2,
            ad_sets_per_campaign=2,
            performance_max=1,
            behaviour=busy.model_copy(update=searched),
        ),
        Account(
            platform="meta_ads",
            id=META,
            name="Seen",
            currency="USD",
            time_zone="America/New_York",
            campaigns=2,
            ad_sets_per_campaign=2,
            behaviour=busy.model_copy(update={"population": Population(people=60_000)}),
        ),
        Account(
            platform="linkedin_ads",
            id=LINKEDIN,
            name="Professional",
            currency="EUR",
            time_zone="UTC",
            campaigns=2,
            ad_sets_per_campaign=2,
            behaviour=busy,
        ),
    )
    return World(name="details", seed=11, begins=date(2026, 6, 1), accounts=accounts)


@dataclass(frozen=True)
class Read:
    """A lake that has read two weeks of the world, the sandbox it came from, and how to read again."""

    lake: Lake
    sandbox: Sandbox
    settings: Settings
    again: Callable[[], None]

    @property
    def stage(self) -> Stage:
        return self.sandbox.stage

    def account(self, account_id: str) -> Account:
        return next(account for account in self.stage.world.accounts if account.id == account_id)

    def rows(self, table: Table, where: str = "true") -> list[dict[str, Any]]:
        return self.lake.arrow(f"select * from {table.layer}.{table.name} where {where}", table).to_pylist()


@contextmanager
def world_that_was_read(folder: Path, var: Path) -> Iterator[Read]:
    """The world with two weeks of it in a lake; `var` has the session's certificates."""
    # One CA per process: gRPC keeps the first roots it reads.
    shutil.copytree(var / "sandbox" / "certificates", folder / "sandbox" / "certificates")
    stage = set_stage(_world(), Clock(MORNING))
    with running(stage, folder=folder / "sandbox") as sandbox:
        settings = load_settings({"PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox"})
        lake = Lake(folder / "lake")
        _prepare(sandbox, settings)

        def again() -> None:
            modules = [
                ingest,
                details,
                fx,
                performance,
                search_assets,
                creative_assets,
                breakdown_assets,
                audience_assets,
            ]
            result = dg.materialize(
                [
                    *dg.load_assets_from_modules(modules),
                    *dg.load_asset_checks_from_modules(
                        [search_checks, creative_checks, breakdown_checks, audience_checks]
                    ),
                ],
                resources={"lake": lake, "settings": settings, "platforms": Platforms(lambda: settings)},
                tags=day_range_tags(FIRST.isoformat(), LAST.isoformat()),
            )
            assert result.success
            failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
            assert [check.check_name for check in failed if check.asset_key.path[0] == "core"] == []

        again()
        yield Read(lake, sandbox, settings, again)


def _prepare(sandbox: Sandbox, settings: Settings) -> None:
    """What people did at the platforms before the first reading."""
    stage, plain, api = sandbox.stage, Plain(settings), meta_client(settings)
    for platform, account_id in (("google_ads", GOOGLE), ("meta_ads", META), ("linkedin_ads", LINKEDIN)):
        made = stage.audiences.make(platform, account_id, f"buyers at {platform}", at=stage.stopwatch())
        made.members.update({(EMAIL, f"{n:064x}") for n in range(4_000)})
    campaign = stage.market.catalog(stage.world.of("linkedin_ads")[0]).ad_sets.id[0]
    inline = {
        "creative": {
            "campaign": f"urn:li:sponsoredCampaign:{campaign}",
            "name": "with a post",
            "inlineContent": {"post": POST},
        }
    }
    assert plain.call("POST", f"adAccounts/{LINKEDIN}/creatives?action=createInline", body=inline).ok
    audience = stage.audiences.of("meta_ads", META)[0]
    ad_set = stage.market.catalog(stage.world.of("meta_ads")[0]).ad_sets.id[0]
    targeting = api.call("GET", (str(ad_set),), {"fields": "targeting"}).json()["targeting"]
    targeting["excluded_custom_audiences"] = [{"id": str(audience.audience_id)}]
    api.call("POST", (str(ad_set),), {"targeting": json.dumps(targeting)})
    api.call(
        "POST",
        (f"act_{META}", "campaigns"),
        {
            "name": "lends budgets",
            "objective": "OUTCOME_SALES",
            "status": "PAUSED",
            "special_ad_categories": "[]",
            "is_adset_budget_sharing_enabled": "true",
        },
    )
