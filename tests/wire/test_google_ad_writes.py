"""Responsive search ads made, edited and refused through the Google Ads API, by the official client."""

from typing import Any

import pytest
from google.ads.googleads.client import GoogleAdsClient

from sandbox.google import ad_rules, ads
from sandbox.serve import Sandbox
from sandbox.world import Account
from tests.wire.google_client import code, refusals, streamed
from tests.wire.google_writing import BASE, HEADLINES, new_ad, send


def test_an_ad_is_made_paused_read_back_and_edited_only_while_enabled(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, search: tuple[str, str]
) -> None:
    [name] = send(client, "AdGroupAdService", "mutate_ad_group_ads", [new_ad(client, search[1])])
    query = (
        "SELECT ad_group_ad.status, ad_group_ad.ad.id, ad_group_ad.ad.responsive_search_ad.headlines, ad_group_ad.policy_summary.review_status "
        f"FROM ad_group_ad WHERE ad_group_ad.resource_name = '{name}'"
    )
    [row] = streamed(client, query)
    assert row.ad_group_ad.status.name == "PAUSED"
    assert tuple(line.text for line in row.ad_group_ad.ad.responsive_search_ad.headlines) == HEADLINES
    assert list(sandbox.stage.market.catalog(account).created_by_id) == [row.ad_group_ad.ad.id]
    edit = client.get_type("AdOperation")
    edit.update.resource_name = f"{BASE}/ads/{row.ad_group_ad.ad.id}"
    for n, text in enumerate((*HEADLINES, "Light on every trail")):
        pin = "HEADLINE_1" if n == 0 else "UNSPECIFIED"
        edit.update.responsive_search_ad.headlines.append(
            {"text": text, "pinned_field": client.enums.ServedAssetFieldTypeEnum[pin]}
        )
    edit.update_mask.paths.append("responsive_search_ad.headlines")
    paused = refusals(lambda: send(client, "AdService", "mutate_ads", [edit]))
    assert code(paused[0]) == "ad_error.UPDATING_AD_WITH_NO_ENABLED_ASSOCIATION"
    enable = client.get_type("AdGroupAdOperation")
    enable.update.resource_name = name
    enable.update.status = client.enums.AdGroupAdStatusEnum.ENABLED
    enable.update_mask.paths.append("status")
    send(client, "AdGroupAdService", "mutate_ad_group_ads", [enable])
    send(client, "AdService", "mutate_ads", [edit])
    [row] = streamed(client, query)
    lines = row.ad_group_ad.ad.responsive_search_ad.headlines
    assert [line.text for line in lines] == [*HEADLINES, "Light on every trail"]
    assert [line.pinned_field.name for line in lines] == [
        "HEADLINE_1",
        "UNSPECIFIED",
        "UNSPECIFIED",
        "UNSPECIFIED",
    ]


def test_a_line_that_was_taken_out_stays_as_a_link_that_is_off(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, search: tuple[str, str]
) -> None:
    catalog = sandbox.stage.market.catalog(account)
    row = catalog.index["ad_set"][int(search[1].rsplit("/", 1)[-1])]
    own = next(
        int(catalog.ads.id[at])
        for at in ads.rows_of_ad_group(sandbox.stage, account, row)
        if not catalog.ads.paused[at]
    )
    old = catalog.texts(catalog.index["ad"][own])["headlines"]
    edit = client.get_type("AdOperation")
    edit.update.resource_name = f"{BASE}/ads/{own}"
    kept = [text for text in old if len(text) <= 30][:1]
    lines = [*kept, "A new second line", "A new third line"]
    for text in lines:
        edit.update.responsive_search_ad.headlines.append({"text": text})
    edit.update_mask.paths.append("responsive_search_ad.headlines")
    send(client, "AdService", "mutate_ads", [edit])
    rows = streamed(
        client,
        "SELECT asset.text_asset.text, ad_group_ad_asset_view.enabled FROM ad_group_ad_asset_view "
        f"WHERE ad_group_ad.ad.id = {own} AND ad_group_ad_asset_view.field_type = HEADLINE",
    )
    enabled = {row.asset.text_asset.text: row.ad_group_ad_asset_view.enabled for row in rows}
    assert enabled == dict.fromkeys(old, False) | dict.fromkeys(lines, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"headlines": HEADLINES[:2]}, "collection_size_error.TOO_FEW"),
        ({"headlines": [f"Line {n}" for n in range(16)]}, "collection_size_error.TOO_MANY"),
        ({"headlines": (*HEADLINES[:2], "x" * 31)}, "ad_error.LINE_TOO_WIDE"),
        ({"headlines": (*HEADLINES[:2], "靴" * 16)}, "ad_error.LINE_TOO_WIDE"),
        ({"headlines": (*HEADLINES[:2], HEADLINES[0])}, "asset_error.DUPLICATE_ASSET"),
        ({"headlines": (*HEADLINES[:2], "Buy now!!")}, "policy_finding_error.POLICY_FINDING"),
        ({"url": "shop.example"}, "url_field_error.MISSING_PROTOCOL"),
        ({"path2": "sale"}, "ad_error.CANNOT_SET_PATH2_WITHOUT_PATH1"),
    ],
)
def test_texts_google_does_not_take_are_refused(
    client: GoogleAdsClient, search: tuple[str, str], change: dict[str, Any], said: str
) -> None:
    made = new_ad(client, search[1], **change)
    errors = refusals(lambda: send(client, "AdGroupAdService", "mutate_ad_group_ads", [made]))
    assert code(errors[0]) == said


def test_a_finding_names_its_topics_and_can_be_ignored(
    client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    made = new_ad(client, search[1], headlines=(*HEADLINES[:2], "Casino nights!!"))
    method = ("AdGroupAdService", "mutate_ad_group_ads")
    [error] = refusals(lambda: send(client, *method, [made]))
    topics = {
        entry.topic: entry.type_.name for entry in error.details.policy_finding_details.policy_topic_entries
    }
    assert topics == {"PUNCTUATION_AND_SYMBOLS": "PROHIBITED", "GAMBLING": "LIMITED"}
    assert {topic for topic, _ in ad_rules.POLICY_TOPICS.values()} >= set(topics)
    made.policy_validation_parameter.ignorable_policy_topics.append("PUNCTUATION_AND_SYMBOLS")
    assert len(send(client, *method, [made])) == 1
