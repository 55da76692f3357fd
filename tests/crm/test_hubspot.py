"""HubSpot, from its wire to the lake: everything, then what changed, merges and deletions followed, limits
kept, errors in one sentence.
"""

from datetime import timedelta

import pytest

from resources.crm.incremental_load import read_and_keep
from resources.crm.rate_limit import RateLimiter
from resources.crm.registry import Crms
from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreachable
from resources.lake.lake import Lake
from resources.platforms.retries import BackOff
from resources.policy.crm import CrmMapping
from resources.tables.crm import CONTACTS, CRM_PULLS, TOUCHES
from sandbox.faults import KNOWN
from tests.crm.ground import Ground
from tests.crm.truth import assert_equal_to_the_books, holdings

MAPPING = CrmMapping()


def keep(crms: Crms, lake: Lake) -> None:
    (reader,) = crms.readers()
    read_and_keep(lake, reader, MAPPING, now=crms.now)


def test_what_is_read_and_kept_current_equals_the_books(hubspot: Ground, lake: Lake) -> None:
    keep(hubspot.crms(), lake)
    assert_equal_to_the_books(lake, hubspot.stage)
    for hours in (5, 24, 60):
        hubspot.stage.clock.advance(timedelta(hours=hours))
        keep(hubspot.crms(), lake)
        assert_equal_to_the_books(lake, hubspot.stage)
    pulls = lake.read(CRM_PULLS).sort_values("pulled_at")
    assert pulls["is_whole"].tolist() == [True, False, False, False]
    assert pulls["merged"].iloc[1:].sum() > 0
    assert pulls["deleted"].iloc[-1] > 0
    assert (pulls["rows"].iloc[1:] < pulls["rows"].iloc[0] / 2).all()


def test_reading_again_adds_nothing(hubspot: Ground, lake: Lake) -> None:
    crms = hubspot.crms()
    keep(crms, lake)
    hubspot.stage.clock.advance(timedelta(seconds=1))
    keep(crms, lake)
    assert lake.read(CRM_PULLS)["changed"].min() == 0


def test_a_person_is_read_whole_again_after_a_week(hubspot: Ground, lake: Lake) -> None:
    crms = hubspot.crms()
    keep(crms, lake)
    hubspot.stage.clock.advance(timedelta(days=8))
    keep(crms, lake)
    assert lake.read(CRM_PULLS)["is_whole"].all()
    assert_equal_to_the_books(lake, hubspot.stage)


def test_touches_are_those_that_were_seen_in_the_words_of_the_platforms(hubspot: Ground, lake: Lake) -> None:
    keep(hubspot.crms(), lake)
    held, books = holdings(hubspot.stage), hubspot.stage.keeper.books()
    touches = lake.read(TOUCHES)
    from_ads = touches[touches["channel"].isin(["google_ads", "meta_ads", "linkedin_ads"])]
    tagged = from_ads["ad_set_id"].notna() | from_ads["campaign_id"].notna()
    assert 0.85 < tagged.mean() < 0.95
    assert set(from_ads["ad_set_id"].dropna()) <= set(books.sets.ad_set_id)
    assert set(from_ads["campaign_id"].dropna()) <= set(books.sets.campaign_id)
    assert set(from_ads["click_id_kind"]) == {"gclid", "gbraid", "wbraid", "fbclid", "li_fat_id"}
    lost = books.funnel.is_lost & books.funnel.is_contact
    nobody = {str(contact) for contact in held.cards.contact_id[lost]}
    assert nobody & set(lake.read(CONTACTS)["contact_id"])
    assert not nobody & set(touches["contact_id"])


def test_the_pace_keeps_under_both_limits_without_a_single_refusal(hubspot: Ground, lake: Lake) -> None:
    hubspot.stopwatch.naps.clear()
    crms = hubspot.crms()
    keep(crms, lake)
    hubspot.stage.clock.advance(timedelta(days=2))
    keep(crms, lake)  # patience is zero: one refusal would have ended it
    assert sum(hubspot.stopwatch.naps) < 60


class Eager(RateLimiter):
    """Never waits."""

    def wait(self, *, is_search: bool) -> None:
        del is_search


def test_a_client_that_does_not_wait_is_refused(hubspot: Ground) -> None:
    (reader,) = hubspot.crms(pace=Eager).readers()
    with pytest.raises(PlatformBusy, match=r"HubSpot: .* limit"):
        reader.read(hubspot.stage.clock.now() - timedelta(days=9), now=hubspot.stage.clock.now)
    hubspot.stopwatch.sleep(60)


def test_every_fault_of_the_wire_is_met_here() -> None:
    assert set(KNOWN["hubspot"]) == {"token_expired", "throttled", "day_limit", "unavailable", "slow"}


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (
            "token_expired",
            PlatformRefused,
            r"expired .* \(HTTP 401, EXPIRED_AUTHENTICATION\).*HUBSPOT_ACCESS_TOKEN",
        ),
        (
            "throttled",
            PlatformBusy,
            r"ten_secondly_rolling limit \(HTTP 429, TEN_SECONDLY_ROLLING\).*Safe to retry",
        ),
        ("day_limit", PlatformBusy, r"daily limit \(HTTP 429, DAILY\)"),
        ("unavailable", PlatformBusy, r"Service Unavailable \(HTTP 503"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_nothing_is_kept(
    hubspot: Ground, lake: Lake, fault: str, kind: type[Exception], words: str
) -> None:
    hubspot.stage.faults.arm("hubspot", fault, after=3)
    with pytest.raises(kind, match=words):
        keep(hubspot.crms(), lake)
    assert lake.read(CRM_PULLS).empty
    assert lake.read(CONTACTS).empty


def test_a_throttled_call_is_asked_again_when_hubspot_says(hubspot: Ground, lake: Lake) -> None:
    hubspot.stage.faults.arm("hubspot", "throttled", seconds=0, times=2, after=2)
    keep(hubspot.crms(back_off=BackOff(total_seconds=5.0)), lake)
    assert_equal_to_the_books(lake, hubspot.stage)


def test_an_endpoint_where_nobody_answers_is_said_to_be_one(hubspot: Ground) -> None:
    nowhere = hubspot.settings.hubspot.model_copy(update={"api_url": "http://127.0.0.1:9/hubspot"})
    settings = hubspot.settings.model_copy(update={"hubspot": nowhere})
    (reader,) = Crms(lambda: settings, back_off=BackOff(total_seconds=0.0, unreachable_seconds=0.0)).readers()
    with pytest.raises(PlatformUnreachable, match="HUBSPOT_API_URL"):
        reader.spoken()


def test_the_account_is_named_for_a_check(hubspot: Ground) -> None:
    (reader,) = hubspot.crms().readers()
    assert reader.spoken() == "account 4711 (EUR): contacts and deals can be read"
