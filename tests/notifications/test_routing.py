"""Who hears of what: by priority, kind, platform, account and label; and what the policy refuses."""

import pytest
from pydantic import ValidationError

from assets.reports.notifications.routing import channels_of, owner_of
from resources.policy.notifications import Notifications
from tests.notifications.made import notice

ROUTES = Notifications.model_validate(
    {
        "channels": {name: {"address": f"PAID_MEDIA_NOTIFY_{name.upper()}"} for name in ("team", "oncall", "brand", "meta", "finance")},
        "routes": [
            {"channels": ["team"]},
            {"channels": ["oncall", "team"], "priorities": ["P1"]},
            {"channels": ["finance"], "kinds": ["pacing", "weekly"]},
            {"channels": ["meta"], "platform": "meta_ads", "priorities": ["P2", "P3"]},
            {"channels": ["brand"], "label": "brand"},
        ],
        "owners": {"meta_ads 42": "@meta-owner", "brand": "@brand-owner", "*": "@anna"},
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "channels"),
    [
        ({}, ("team",)),
        ({"priority": 1}, ("team", "oncall")),
        ({"priority": 1, "platform": "meta_ads"}, ("team", "oncall")),
        ({"platform": "meta_ads"}, ("meta",)),
        ({"platform": "google_ads"}, ("team",)),
        ({"kind": "pacing"}, ("finance",)),
        ({"platform": "meta_ads", "labels": ("brand", "eu")}, ("brand",)),
    ],
)
def test_the_most_particular_route_counts(given: dict, channels: tuple[str, ...]) -> None:
    assert channels_of(notice(**given), ROUTES) == channels


def test_what_no_route_names_is_never_lost() -> None:
    some = Notifications.model_validate(
        {
            "channels": {"a": {"address": "PAID_MEDIA_NOTIFY_A"}, "b": {"address": "PAID_MEDIA_NOTIFY_B"}},
            "routes": [{"channels": ["a"], "label": "brand"}],
        }
    )
    assert channels_of(notice(), some) == ("b",)
    only = some.model_copy(update={"channels": {"a": some.channels["a"]}})
    assert channels_of(notice(), only) == ("a",)
    assert channels_of(notice(), Notifications()) == ("default",)


def test_only_p1_calls_somebody_and_the_nearest_owner() -> None:
    assert owner_of(notice(priority=2), ROUTES) == ""
    assert owner_of(notice(priority=1), ROUTES) == "@anna"
    assert (
        owner_of(notice(priority=1, platform="meta_ads", account_id="42", labels=("brand",)), ROUTES)
        == "@meta-owner"
    )
    assert owner_of(notice(priority=1, labels=("brand",)), ROUTES) == "@brand-owner"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"channels": {"a": {"address": "https://hooks.example/token"}}}, "address"),
        ({"routes": [{"channels": ["nowhere"]}]}, "a route names the channel 'nowhere'"),
        ({"owners": {"*": "anna@example.com"}}, "messages hold none; write a chat name"),
        ({"time_zone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"quiet_hours": {"from": "20:00"}}, "Extra inputs"),
    ],
)
def test_a_wrong_policy_is_refused_with_a_sentence(given: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Notifications.model_validate(given)
