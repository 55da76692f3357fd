"""Google Ads writes as the official client makes them: operations of criteria, lists and ads, sent once."""

from typing import Any

from google.ads.googleads.client import GoogleAdsClient

from tests.wire.google_client import GERMANY, streamed

BASE = f"customers/{GERMANY}"


def operation(client: GoogleAdsClient, kind: str, **fields: Any) -> Any:
    made = client.get_type(f"{kind}Operation")
    for path, value in fields.items():
        target, *rest = path.split("__")
        thing = made.create
        for part in [target, *rest][:-1]:
            thing = getattr(thing, part)
        setattr(thing, [target, *rest][-1], value)
    return made


def keyword(client: GoogleAdsClient, kind: str, text: str, match_type: str = "PHRASE", **fields: Any) -> Any:
    match = client.enums.KeywordMatchTypeEnum[match_type]
    return operation(client, kind, keyword__text=text, keyword__match_type=match, **fields)


def send(client: GoogleAdsClient, service: str, method: str, operations: list[Any], **more: Any) -> list[str]:
    request = {"customer_id": GERMANY, "operations": operations, **more}
    answer = getattr(client.get_service(service), method)(request=request)
    return [result.resource_name for result in answer.results]


def negatives(client: GoogleAdsClient, resource: str) -> set[str]:
    query = f"SELECT {resource}.keyword.text, {resource}.status FROM {resource} WHERE {resource}.negative = TRUE AND {resource}.status != REMOVED"
    return {getattr(row, resource).keyword.text for row in streamed(client, query)}


HEADLINES = ("Trail shoes that last", "Save 20% on shoes", "Free returns for 60 days")
DESCRIPTIONS = ("Made to be repaired. Ten years of spare parts.", "One price, everything included.")


def new_ad(
    client: GoogleAdsClient, ad_group: str, *, status: str = "PAUSED", headlines: Any = HEADLINES, **more: Any
) -> Any:
    made = client.get_type("AdGroupAdOperation")
    made.create.ad_group = ad_group
    made.create.status = client.enums.AdGroupAdStatusEnum[status]
    made.create.ad.final_urls.append(more.get("url", "https://shop.example/shoes"))
    for text in headlines:
        made.create.ad.responsive_search_ad.headlines.append({"text": text})
    for text in more.get("descriptions", DESCRIPTIONS):
        made.create.ad.responsive_search_ad.descriptions.append({"text": text})
    made.create.ad.responsive_search_ad.path1 = more.get("path1", "")
    made.create.ad.responsive_search_ad.path2 = more.get("path2", "")
    return made
