"""Labels at the platforms: what our readers and writers tell of them is what the documented clients tell, and
what cannot be read is said.
"""

import json
from typing import Any

import pytest
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi

from resources.config.settings import Settings
from resources.ledger.proposal import Target
from resources.platforms.registry import Platforms
from sandbox import text_catalog
from sandbox.control import edit_by_hand
from sandbox.labels import labels
from sandbox.serve import Sandbox
from tests.wire.google_client import official

LEVELS = ("campaign", "ad_set")


def carried(sandbox: Sandbox, platform: str) -> dict[tuple[str, str, str], list[str]]:
    """Every campaign's and ad set's labels, by account, level and id, as the market has them."""
    return {
        (account.id, level, str(own)): sorted(labels(sandbox.stage, account, level, row))
        for account in sandbox.stage.world.of(platform)
        for level in LEVELS
        for row, own in enumerate(getattr(sandbox.stage.market.catalog(account), level + "s").id.tolist())
    }


def put(sandbox: Sandbox, target: Target, *names: str) -> None:
    account = sandbox.stage.world.account(target.platform, target.account_id)
    assert account is not None
    edit_by_hand(sandbox.stage, account, target.level, int(target.entity_id), "labels", names)


def an_ad_set(sandbox: Sandbox, platform: str) -> tuple[Target, Target]:
    """An ad set that has no label, and its campaign, which has none either."""
    for account in sandbox.stage.world.of(platform):
        catalog = sandbox.stage.market.catalog(account)
        for row, own in enumerate(catalog.ad_sets.id.tolist()):
            above = int(catalog.ad_sets.campaign[row])
            bare = not labels(sandbox.stage, account, "ad_set", row) and not labels(
                sandbox.stage, account, "campaign", above
            )
            if bare and not catalog.ad_sets.hidden[row]:
                at: dict[str, Any] = {"platform": platform, "account_id": account.id}
                return (
                    Target(**at, level="ad_set", entity_id=str(own)),
                    Target(**at, level="campaign", entity_id=str(catalog.campaigns.id[above])),
                )
    raise LookupError("everything carries a label")


@pytest.mark.parametrize("platform", ["google_ads", "meta_ads", "linkedin_ads"])
def test_the_entities_carry_the_labels_people_gave_them(
    sandbox: Sandbox, settings: Settings, platform: str
) -> None:
    reader = Platforms(lambda: settings).reader(platform)
    found = {
        (row["account_id"], row["level"], row["entity_id"]): row["labels"]
        for account in reader.accounts()
        for row in reader.entities(account).to_pylist()
    }
    told = {place: sorted(json.loads(text)) for place, text in found.items() if place[1] in LEVELS}
    wanted = carried(sandbox, platform)
    if platform == "linkedin_ads":  # which has none
        assert {tuple(one) for one in told.values()} == {()}
        return
    assert told == {place: wanted[place] for place in told}
    assert {"protected", "evergreen"} <= {name for one in told.values() for name in one}
    assert {text for place, text in found.items() if place[1] not in LEVELS} == {None}


@pytest.mark.parametrize("platform", ["google_ads", "meta_ads", "linkedin_ads"])
def test_an_image_has_the_labels_of_the_ad_set_and_of_its_campaign(
    sandbox: Sandbox, settings: Settings, platform: str
) -> None:
    writer = Platforms(lambda: settings).writer(platform)
    if platform == "linkedin_ads":
        account = sandbox.stage.world.of(platform)[0]
        own = str(sandbox.stage.market.catalog(account).ad_sets.id[0])
        assert (
            writer.image(
                Target(platform=platform, account_id=account.id, level="ad_set", entity_id=own)
            ).labels
            == ()
        )
        return
    ad_set, campaign = an_ad_set(sandbox, platform)
    assert writer.image(ad_set).labels == ()
    put(sandbox, ad_set, "spring sale")
    put(sandbox, campaign, "protected", "evergreen")
    assert writer.image(ad_set).labels == ("evergreen", "protected", "spring sale")
    assert writer.image(campaign).labels == ("evergreen", "protected")


@pytest.mark.parametrize("platform", ["google_ads", "meta_ads"])
def test_a_label_without_a_name_makes_all_of_them_unknown(
    sandbox: Sandbox, settings: Settings, platform: str
) -> None:
    ad_set, campaign = an_ad_set(sandbox, platform)
    put(sandbox, ad_set, "evergreen")
    put(sandbox, campaign, "a label of which nobody tells the name")
    assert Platforms(lambda: settings).writer(platform).image(ad_set).labels is None
    reader = Platforms(lambda: settings).reader(platform)
    account = next(one for one in reader.accounts() if one.account_id == ad_set.account_id)
    rows = {(row["level"], row["entity_id"]): row["labels"] for row in reader.entities(account).to_pylist()}
    assert rows["campaign", campaign.entity_id] is None
    assert rows["ad_set", ad_set.entity_id] == '["evergreen"]'


def test_a_shared_budget_has_the_labels_of_every_campaign_that_spends_from_it(
    sandbox: Sandbox, settings: Settings
) -> None:
    account = sandbox.stage.world.of("google_ads")[1]
    writer, ids = (
        Platforms(lambda: settings).writer("google_ads"),
        sandbox.stage.market.catalog(account).campaigns.id,
    )
    first, second = (
        Target(platform="google_ads", account_id=account.id, level="campaign", entity_id=str(ids[n]))
        for n in (0, 1)
    )
    put(sandbox, first, "evergreen")
    put(sandbox, second, "protected")
    image = writer.image(first)
    shared = first.model_copy(update={"level": "shared_budget", "entity_id": image.budget_id})
    assert image.labels == ("evergreen",)
    assert writer.image(shared).labels == ("evergreen", "protected")


def test_googles_client_reads_resource_names_and_their_names_apart(
    sandbox: Sandbox, settings: Settings
) -> None:
    ad_set, _ = an_ad_set(sandbox, "google_ads")
    put(sandbox, ad_set, "protected")
    service = official(settings.google_ads).get_service("GoogleAdsService")
    asked = {"customer_id": ad_set.account_id}
    query = f"SELECT ad_group.id, ad_group.labels, campaign.labels FROM ad_group WHERE ad_group.id = {ad_set.entity_id}"
    row = next(iter(service.search(**asked, query=query)))
    names = {
        one.label.resource_name: one.label.name
        for one in service.search(
            **asked, query="SELECT label.resource_name, label.name, label.status FROM label"
        )
    }
    assert [names[one] for one in row.ad_group.labels] == ["protected"]
    assert list(row.campaign.labels) == []
    assert set(names.values()) == {name for name, _ in text_catalog.LABELS}


def test_metas_client_reads_labels_with_their_names_and_none_where_there_are_none(
    sandbox: Sandbox, api: FacebookAdsApi
) -> None:
    ad_set, campaign = an_ad_set(sandbox, "meta_ads")
    put(sandbox, ad_set, "protected")
    found = AdSet(ad_set.entity_id, api=api).api_get(fields=["adlabels"])
    assert [label["name"] for label in found["adlabels"]] == ["protected"]
    assert "adlabels" not in Campaign(campaign.entity_id, api=api).api_get(fields=["name", "adlabels"])
