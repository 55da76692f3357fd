"""The audience side of each platform, by its real client against the sandbox: made once, filled and emptied
exactly, read, kept out.
"""

import pytest

from resources.config.settings import Settings
from resources.errors import OutcomeUnknown, PlatformBusy, PlatformError, PlatformRefused
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.proposal import Target
from resources.platforms.audience_client import AudienceClient, PartialUpload, as_text
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.security.redaction import without_hashes
from sandbox.faults import UPLOADS
from sandbox.serve import Sandbox
from tests.wire.audiences_at import ACCOUNTS, PLATFORMS, hashes, held, place, sent_whole

NAME = "Repeat buyers | exclude"


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(platform: str) -> str:
    return ACCOUNTS[platform]


@pytest.fixture
def platforms(settings: Settings, sandbox: Sandbox) -> Platforms:
    sandbox.stage.audiences.ready_after_seconds = 0.0
    hasty = BackOff(total_seconds=1, unreachable_seconds=0.1, first_pause=0.01)
    return Platforms(lambda: settings, back_off=hasty)


@pytest.fixture
def client(platforms: Platforms, platform: str) -> AudienceClient:
    return platforms.audiences(platform)


def test_an_audience_is_made_filled_and_emptied_exactly(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient
) -> None:
    assert client.find(account, NAME) is None
    audience_id = client.create(account, NAME)
    assert client.find(account, NAME) == audience_id
    mails = hashes(0, 400)
    sent_whole(client, account, audience_id, mails, adds=True)
    sent_whole(client, account, audience_id, mails[:10], adds=True)
    sent_whole(client, account, audience_id, mails[300:], adds=False)
    sent_whole(client, account, audience_id, hashes(5000, 5003), adds=False)
    assert held(sandbox, platform) == {f"email:{hashed}" for hashed in mails[:300]}


def test_telephone_numbers_go_where_they_are_taken(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient
) -> None:
    audience_id, numbers = client.create(account, NAME), hashes(0, 5, what="phone")
    if "phone" not in client.identifiers:
        with pytest.raises(PlatformRefused):
            client.upload(account, audience_id, "phone", numbers, adds=True)
        assert held(sandbox, platform) == set()
        return
    client.upload(account, audience_id, "phone", numbers, adds=True)
    assert held(sandbox, platform) == {f"phone:{hashed}" for hashed in numbers}


def test_the_size_is_read_back_and_a_small_one_is_not_told(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient
) -> None:
    audience_id = client.create(account, NAME)
    client.upload(account, audience_id, "email", hashes(0, 20), adds=True)
    assert client.size(account, audience_id).low is None
    client.upload(account, audience_id, "email", hashes(20, 2000), adds=True)
    size = client.size(account, audience_id)
    (truth,) = (audience["matched"] for audience in sandbox.stage.audiences.truth(platform))
    assert size.low is not None
    assert size.high is not None
    assert size.low <= truth <= size.high * 1.1
    assert (size.matched_share is not None) == (platform == "google_ads")


@pytest.mark.parametrize("fault", ["throttled", "unavailable", "lost_answer", "lost_request", *UPLOADS])
@pytest.mark.parametrize("adds", [True, False])
def test_an_upload_that_failed_once_is_sent_again_until_it_is_whole(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient, fault: str, adds: bool
) -> None:
    audience_id, mails = client.create(account, NAME), hashes(0, 40)
    sent_whole(client, account, audience_id, mails[:20], adds=True)
    detail = {"minutes": 0} if (platform, fault) == ("meta_ads", "throttled") else {}
    sandbox.stage.faults.arm(platform, fault, **detail)
    try:
        sent_whole(client, account, audience_id, mails if adds else mails[10:], adds=adds)
    except PartialUpload:  # told only when Google is asked what became of it
        assert (platform, fault) == ("google_ads", "invalid_entries")
        assert not adds or held(sandbox, platform) != {f"email:{hashed}" for hashed in mails}
        sent_whole(client, account, audience_id, mails if adds else mails[10:], adds=adds)
    assert held(sandbox, platform) == {f"email:{hashed}" for hashed in (mails if adds else mails[:10])}


def test_an_upload_that_keeps_failing_ends_as_busy(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient
) -> None:
    audience_id = client.create(account, NAME)
    sandbox.stage.faults.arm(platform, "half_upload", times=500)
    with pytest.raises(PlatformBusy):
        client.upload(account, audience_id, "email", hashes(0, 40), adds=True)


def test_a_lost_answer_to_making_an_audience_is_unknown_and_it_is_found_by_its_name(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient
) -> None:
    sandbox.stage.faults.arm(platform, "lost_answer")
    with pytest.raises(OutcomeUnknown):
        client.create(account, NAME)
    assert client.find(account, NAME) is not None
    assert len(sandbox.stage.audiences.truth(platform)) == 1


def test_nothing_but_hashes_is_sent_and_no_error_holds_one(
    sandbox: Sandbox, platform: str, account: str, client: AudienceClient
) -> None:
    audience_id = client.create(account, NAME)
    for raw in ("anna@shop.example", "+4930123456", "A" * 64):
        with pytest.raises(PlatformRefused) as refused:
            client.upload(account, audience_id, "email", [*hashes(0, 3), raw], adds=True)
        assert raw not in str(refused.value)
    mail = hashes(7, 8)
    with pytest.raises(PlatformError) as missing:
        client.upload(account, "424242", "email", mail, adds=True)
    assert mail[0] not in f"{missing.value}{missing.value.args}{missing.value.said}"
    assert held(sandbox, platform) == set()
    assert without_hashes(f"wrong value {mail[0]}.") == "wrong value [hash]."


def test_a_young_segment_is_waited_for(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.stage.audiences.ready_after_seconds = 0.3
    client = Platforms(lambda: settings, back_off=BackOff(total_seconds=5)).audiences("linkedin_ads")
    account = ACCOUNTS["linkedin_ads"]
    audience_id = client.create(account, NAME)
    client.upload(account, audience_id, "email", hashes(0, 5), adds=True)
    assert len(held(sandbox, "linkedin_ads")) == 5
    with pytest.raises(PlatformRefused):  # nobody made this one
        client.upload(account, "77", "email", hashes(0, 5), adds=True)


def test_a_blocked_audience_is_refused(sandbox: Sandbox, platforms: Platforms) -> None:
    client, account = platforms.audiences("meta_ads"), ACCOUNTS["meta_ads"]
    audience_id = client.create(account, NAME)
    stored = sandbox.stage.audiences.find("meta_ads", audience_id)
    assert stored is not None
    stored.is_flagged = True
    for call in (
        lambda: client.size(account, audience_id),
        lambda: client.upload(account, audience_id, "email", [], adds=True),
    ):
        with pytest.raises(PlatformRefused):
            call()


def exclusion(platforms: Platforms, target: Target, after: str) -> ExclusionChange:
    image = platforms.writer(target.platform).image(target)
    before = as_text(platforms.audiences(target.platform).excluded(target))
    return ExclusionChange(target=target, before=before, after=after, image=image)


def test_an_audience_is_kept_out_of_targeting_and_let_in_again(
    sandbox: Sandbox, platform: str, account: str, platforms: Platforms
) -> None:
    client, target = platforms.audiences(platform), place(sandbox, platform)
    first, second = (
        client.targeted_as(account, client.create(account, name)) for name in ("First one", "Second one")
    )
    before = platforms.writer(platform).image(target)
    client.exclude(exclusion(platforms, target, first), rehearse=True)
    assert client.excluded(target) == ()
    client.exclude(exclusion(platforms, target, first), rehearse=False)
    assert client.excluded(target) == (first,)
    client.exclude(exclusion(platforms, target, as_text((first, second))), rehearse=False)
    assert client.excluded(target) == tuple(sorted((first, second)))
    client.exclude(exclusion(platforms, target, second), rehearse=False)
    client.exclude(exclusion(platforms, target, "none"), rehearse=False)
    assert client.excluded(target) == ()
    assert platforms.writer(platform).image(target).status == before.status


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request"])
def test_an_exclusion_without_an_answer_is_unknown_and_never_sent_again(
    sandbox: Sandbox, platform: str, account: str, platforms: Platforms, fault: str
) -> None:
    client, target = platforms.audiences(platform), place(sandbox, platform)
    audience_id = client.targeted_as(account, client.create(account, NAME))
    change = exclusion(platforms, target, audience_id)
    sandbox.stage.audit.clear()
    sandbox.stage.faults.arm(platform, fault)
    with pytest.raises(OutcomeUnknown):
        client.exclude(change, rehearse=False)
    assert len(sandbox.stage.audit.requests(writes_only=True)) == 1
    assert client.excluded(target) == ((audience_id,) if fault == "lost_answer" else ())


def test_an_exclusion_of_what_is_not_there_is_refused_before_anything_is_written(
    sandbox: Sandbox, platform: str, platforms: Platforms
) -> None:
    target = place(sandbox, platform)
    with pytest.raises(PlatformRefused):
        platforms.audiences(platform).exclude(exclusion(platforms, target, "424242"), rehearse=False)
    assert platforms.audiences(platform).excluded(target) == ()
    assert sandbox.stage.audit.requests(writes_only=True) == []


def test_what_targeting_held_besides_stays(sandbox: Sandbox, platforms: Platforms) -> None:
    target = place(sandbox, "meta_ads")
    client, account = platforms.audiences("meta_ads"), ACCOUNTS["meta_ads"]
    audience_id = client.create(account, NAME)
    client.exclude(exclusion(platforms, target, audience_id), rehearse=False)
    (written,) = (
        request["detail"]["targeting"]
        for request in sandbox.stage.audit.requests(writes_only=True)
        if "targeting" in request["detail"]
    )
    assert '"flexible_spec"' in written
    assert '"geo_locations"' in written


def test_special_ad_categories_are_read_from_the_campaign(sandbox: Sandbox, platforms: Platforms) -> None:
    target, client = place(sandbox, "meta_ads"), platforms.audiences("meta_ads")
    assert client.special_categories(target) == ()
    account = sandbox.stage.world.account("meta_ads", target.account_id)
    assert account is not None
    catalog = sandbox.stage.market.catalog(account)
    campaign = int(catalog.campaigns.id[int(catalog.ad_sets.campaign[0])])
    sandbox.stage.market.change(account, "campaign", campaign, "special_ad_categories", ["HOUSING"])
    assert client.special_categories(target) == ("HOUSING",)
