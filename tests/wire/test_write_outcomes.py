"""What our clients make of every answer to a write: only a definite refusal is called one, everything else is
an unknown outcome.
"""

import pytest

from resources.config.settings import Settings
from resources.errors import OutcomeUnknown, PlatformError, PlatformRefused, RefusedForNow
from resources.platforms.call_context import CallContext
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.platforms.writer import sent_once
from sandbox.serve import Sandbox
from sandbox.write_faults import AMBIGUOUS, DEFINITE
from tests.wire.test_writes import change, first, writes

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


def answers(kinds: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    return [(platform, name) for platform in PLATFORMS for name in kinds[platform]]


def opened(settings: Settings) -> Platforms:
    """The platforms by a login of its own, which gives up soon."""
    return Platforms(
        lambda: settings, back_off=BackOff(total_seconds=1, unreachable_seconds=0.1, first_pause=0.01)
    )


@pytest.fixture
def platforms(settings: Settings) -> Platforms:
    return opened(settings)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("platform", "answer"), answers(AMBIGUOUS))
def test_an_ambiguous_answer_is_an_unknown_outcome_and_is_sent_once(
    sandbox: Sandbox, platforms: Platforms, platform: str, answer: str, moment: str
) -> None:
    writer, target = platforms.writer(platform), first(sandbox, platform, "ad_set")
    image = writer.image(target)
    sandbox.stage.faults.arm(platform, "write_answer", answer=answer, moment=moment)
    with pytest.raises(OutcomeUnknown, match="never send it again"):
        writer.send(change(target, image, "status", "paused"))
    assert writes(sandbox) == 1
    assert (writer.image(target).status == "paused") == (moment == "after")


@pytest.mark.parametrize(("platform", "answer"), answers(DEFINITE))
def test_a_definite_refusal_is_one_and_changes_nothing(
    sandbox: Sandbox, platforms: Platforms, platform: str, answer: str
) -> None:
    writer, target = platforms.writer(platform), first(sandbox, platform, "ad_set")
    image = writer.image(target)
    sandbox.stage.faults.arm(platform, "write_answer", answer=answer)
    with pytest.raises(PlatformRefused) as refused:
        writer.send(change(target, image, "status", "paused"))
    assert refused.value.proves_no_change
    assert isinstance(refused.value, RefusedForNow) == (answer == "QUOTA")
    assert writer.image(target) == image


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("platform", "answer"), answers(AMBIGUOUS))
def test_an_ambiguous_answer_to_making_an_audience_is_an_unknown_outcome(
    sandbox: Sandbox, platforms: Platforms, platform: str, answer: str, moment: str
) -> None:
    client = platforms.audiences(platform)
    account = sandbox.stage.world.of(platform)[0].id
    sandbox.stage.faults.arm(platform, "write_answer", answer=answer, moment=moment)
    with pytest.raises(OutcomeUnknown):
        client.create(account, "Buyers of June")
    assert (client.find(account, "Buyers of June") is not None) == (moment == "after")


def test_meta_and_linkedin_are_not_followed_to_another_address(
    sandbox: Sandbox, platforms: Platforms
) -> None:
    for platform in ("meta_ads", "linkedin_ads"):
        writer, target = platforms.writer(platform), first(sandbox, platform, "ad_set")
        image = writer.image(target)
        sandbox.stage.faults.arm(platform, "write_answer", answer="redirect", moment="before")
        with pytest.raises(OutcomeUnknown, match="HTTP 302"):
            writer.send(change(target, image, "status", "paused"))


def test_a_rehearsal_that_gets_no_answer_says_nothing_against_the_change(
    sandbox: Sandbox, platforms: Platforms
) -> None:
    for platform in ("google_ads", "meta_ads"):
        writer, target = platforms.writer(platform), first(sandbox, platform, "ad_set")
        image = writer.image(target)
        sandbox.stage.faults.arm(platform, "unavailable")
        with pytest.raises(RefusedForNow, match="may be tried again later"):
            writer.rehearse(change(target, image, "status", "paused"))
        writer.rehearse(change(target, image, "status", "paused"))
    assert writes(sandbox) == 0


def test_a_login_that_is_refused_before_the_write_is_a_definite_refusal(
    sandbox: Sandbox, platforms: Platforms, settings: Settings
) -> None:
    writer, target = platforms.writer("google_ads"), first(sandbox, "google_ads", "ad_set")
    image = writer.image(target)
    fresh = opened(settings).writer("google_ads")
    sandbox.stage.faults.arm("google_ads", "token_revoked", times=2)
    with pytest.raises(PlatformRefused, match="GOOGLE_ADS_REFRESH_TOKEN"):
        fresh.send(change(target, image, "status", "paused"))
    assert writes(sandbox) == 0


def test_a_client_that_stumbles_over_the_answer_leaves_the_outcome_unknown() -> None:
    with (
        pytest.raises(OutcomeUnknown, match=r"could not make sense of the answer \(TypeError\)"),
        sent_once(CallContext("meta_ads", "Changing")),
    ):
        raise TypeError("string indices must be integers")


@pytest.mark.parametrize(("platform", "answer"), answers(AMBIGUOUS))
def test_an_ambiguous_answer_to_an_upload_is_no_refusal(
    sandbox: Sandbox, platforms: Platforms, platform: str, answer: str
) -> None:
    client = platforms.audiences(platform)
    account = sandbox.stage.world.of(platform)[0].id
    audience = client.create(account, "Buyers of July")
    sandbox.stage.faults.arm(platform, "write_answer", answer=answer, moment="after")
    refused = None
    try:
        client.upload(account, audience, "email", [f"{n:064x}" for n in range(5)], adds=True)
    except PlatformError as error:  # or it was sent again, as an operation on a set may be
        refused = error if isinstance(error, PlatformRefused) else None
    assert refused is None
