"""What a failed step says in the Dagster UI: one sentence on what, where and what to do next, no secret, and
a retry only where one helps.
"""

from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from assets.raw.platforms import assets as ingest
from resources.config.settings import Settings
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from sandbox.serve import Sandbox
from tests.history.test_runs import IMPATIENT, pull

SECRET = "someone-elses-token"


def failure(asset: dg.AssetsDefinition, lake: Lake, settings: Settings) -> str:
    """The description of the step's failure, which was not tried again; nothing else in its event holds a
    secret.
    """
    result = pull(asset, lake, settings)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    event = next(event for event in result.all_events if event.is_step_failure)
    user_failure = event.step_failure_data.user_failure_data
    assert user_failure is not None
    sentence = str(user_failure.description)
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert SECRET not in str(event)
    return sentence


def with_changed(settings: Settings, platform: str, **changed: Any) -> Settings:
    return settings.model_copy(update={platform: getattr(settings, platform).model_copy(update=changed)})


@pytest.mark.parametrize(
    ("asset", "platform", "changed", "words"),
    [
        (ingest.meta_ads_days, "meta_ads", {"access_token": SecretStr(SECRET)}, "set META_ACCESS_TOKEN"),
        (
            ingest.linkedin_ads_days,
            "linkedin_ads",
            {"access_token": SecretStr(SECRET), "refresh_token": None},
            "LINKEDIN_",
        ),
        (
            ingest.google_ads_days,
            "google_ads",
            {"login_customer_id": "1234567890"},
            "GOOGLE_ADS_LOGIN_CUSTOMER_ID",
        ),
        (ingest.meta_ads_days, "meta_ads", {"accounts": ("424242424242",)}, "424242424242"),
    ],
)
def test_what_is_wrong_is_one_sentence_in_the_ui(
    sandbox: Sandbox, settings: Settings, lake: Lake, asset: dg.AssetsDefinition, platform: str, changed: dict[str, Any], words: str,
) -> None:  # fmt: skip
    assert words in failure(asset, lake, with_changed(settings, platform, **changed))


def test_an_expired_token_says_to_make_a_new_one(sandbox: Sandbox, settings: Settings, lake: Lake) -> None:
    sandbox.stage.faults.arm("meta_ads", "token_expired", times=200)
    assert "Make a new token" in failure(ingest.meta_ads_days, lake, settings)


@pytest.mark.parametrize(
    ("platform", "changed", "words"),
    [
        ("meta_ads", {"graph_url": "http://127.0.0.1:9/graph"}, "META_GRAPH_URL"),
        ("linkedin_ads", {"api_url": "http://127.0.0.1:9/rest"}, "LINKEDIN_API_URL"),
        ("google_ads", {"endpoint": "localhost:9"}, "GOOGLE_ADS_ENDPOINT"),
    ],
)
def test_where_nobody_answers_it_is_tried_again_and_says_what_to_check(
    sandbox: Sandbox, settings: Settings, platform: str, changed: dict[str, Any], words: str
) -> None:
    elsewhere = with_changed(settings, platform, **changed)
    reader = Platforms(lambda: elsewhere, back_off=IMPATIENT).reader(platform)
    with pytest.raises(dg.Failure) as caught, one_sentence():
        reader.accounts()
    assert caught.value.allow_retries
    assert words in str(caught.value.description)
    assert "\n" not in str(caught.value.description)
