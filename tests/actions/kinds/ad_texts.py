"""Texts of an ad that is there, edited in place at Google and by another creative at Meta."""

from typing import Any

from resources.kinds.ad_content import AdContent, AdLine
from resources.kinds.ad_texts.change import TextsRequest
from resources.kinds.base import Target
from sandbox.google import ads, entities
from sandbox.meta.entities import PAGE_ID
from sandbox.serve import Sandbox
from tests.actions.kinds.case import KindCase
from tests.actions.kinds.negative_keywords import ACCOUNT, account_of, search_ad_group
from tests.actions.kinds.new_ads import SEARCH_AD, ad_set, pause_ad_set

NEW_HEADLINE = "A line nobody wrote before"


def google_ad(sandbox: Sandbox) -> ads.Ad:
    """An enabled ad of a search ad group that nobody protects."""
    stage, account = sandbox.stage, account_of(sandbox)
    ad_group = int(search_ad_group(sandbox)[1])
    row = stage.market.catalog(account).index["ad_set"][ad_group]
    for at in ads.rows_of_ad_group(stage, account, row).tolist():
        ad = ads.of_row(stage, account, at, entities.status(stage, account, "ad", at))
        if ad.status == "ENABLED":
            return ad
    raise LookupError("no such ad")


def edited(content: AdContent) -> AdContent:
    headlines = (AdLine(text=NEW_HEADLINE), *content.headlines[1:])
    return content.model_copy(update={"headlines": headlines})


def edit(sandbox: Sandbox, **fields: Any) -> None:
    """Somebody edits the ad at Google."""
    ad = google_ad(sandbox)
    names = ("headlines", "descriptions", "final_urls", "path1", "path2")
    key = ("google_ads", ACCOUNT, "ad_group_ad", ad.ad_group, ad.own)
    sandbox.stage.objects.change(key, fields, first={name: getattr(ad, name) for name in names})


def at_google(sandbox: Sandbox) -> TextsRequest:
    """The market's own lines are wider than Google lets anybody write them, so the ad gets others first."""
    edit(
        sandbox,
        headlines=tuple((line.text, line.pinned_to or ads.UNPINNED) for line in SEARCH_AD.headlines),
        descriptions=tuple((line.text, ads.UNPINNED) for line in SEARCH_AD.descriptions),
        final_urls=(SEARCH_AD.landing_page,),
        path1=SEARCH_AD.path1,
        path2=SEARCH_AD.path2,
    )
    ad = google_ad(sandbox)
    target = Target(
        platform="google_ads",
        account_id=ACCOUNT,
        level="ad",
        entity_id=f"{ad.ad_group}.{ad.own}",
    )
    return TextsRequest(target, edited(SEARCH_AD))


def at_meta(sandbox: Sandbox) -> TextsRequest:
    own_set = ad_set(sandbox, "meta_ads")
    account = next(a for a in sandbox.stage.world.of("meta_ads") if a.id == own_set.account_id)
    catalog = sandbox.stage.market.catalog(account)
    set_row = catalog.index["ad_set"][int(own_set.entity_id)]
    row = next(at for at in range(len(catalog.ads.id)) if catalog.ads.ad_set[at] == set_row)
    texts = sandbox.stage.market.texts(account, row)
    content = AdContent(
        headlines=(AdLine(text=texts["headlines"][0]),),
        primary_text=texts["descriptions"][0],
        landing_page=texts["landing_page"],
        page=str(PAGE_ID),
    )
    entity_id = f"{own_set.entity_id}.{int(catalog.ads.id[row])}"
    target = own_set.model_copy(update={"level": "ad", "entity_id": entity_id})
    return TextsRequest(target, edited(content))


CASES = (
    KindCase(
        "ad_texts at Google",
        "edit_ad_texts",
        "google_ads",
        at_google,
        lambda sandbox: edit(sandbox, path1="by-hand"),
        (f"+ headline: {NEW_HEADLINE}", "- headline: "),
    ),
    KindCase(
        "ad_texts at Meta",
        "edit_ad_texts",
        "meta_ads",
        at_meta,
        lambda sandbox: pause_ad_set(sandbox, "meta_ads"),
        (f"+ headline: {NEW_HEADLINE}", "- headline: "),
        requests=2,
        requests_back=2,
    ),
)
