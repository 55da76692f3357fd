"""Every answer a platform may give to a write, before the change, after it and while it is late; by the
official clients and plain HTTP.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest
import requests
from google.ads.googleads.errors import GoogleAdsException
from google.ads.googleads.v26.errors.types.errors import GoogleAdsFailure
from google.api_core.exceptions import GoogleAPICallError

from resources.config.settings import Settings
from resources.ledger.proposal import Target
from resources.platforms.registry import Platforms
from sandbox.serve import Sandbox
from sandbox.write_faults import AMBIGUOUS, DEFINITE, ImpossibleAnswer, WriteFault
from tests.wire.google_client import official
from tests.wire.test_writes import first

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")
UNKNOWN_OF_GOOGLE = {
    "no_answer": ("UNAVAILABLE", None), "INTERNAL": ("INTERNAL", "internal_error"), "TRANSIENT": ("INTERNAL", "internal_error"),
    "UNKNOWN": ("UNKNOWN", None), "CANCELLED": ("CANCELLED", None), "DATA_LOSS": ("DATA_LOSS", None),
    "RESOURCE_EXHAUSTED": ("RESOURCE_EXHAUSTED", None), "DEADLINE_EXCEEDED": ("DEADLINE_EXCEEDED", None),
    "ABORTED": ("ABORTED", "database_error"), "INVALID_ARGUMENT_BARE": ("INVALID_ARGUMENT", None),
    "RESPONSE_TOO_LARGE": ("INVALID_ARGUMENT", "size_limit_error"), "FEWER_RESULTS": ("OK", None),
    "PARTIAL_FAILURE_WITHOUT_INDEX": ("OK", None),
}  # fmt: skip
DEFINITE_OF_GOOGLE = {
    "INVALID_ARGUMENT": ("INVALID_ARGUMENT", "field_error"), "PERMISSION_DENIED": ("PERMISSION_DENIED", "authorization_error"),
    "NOT_FOUND": ("NOT_FOUND", "mutate_error"), "ALREADY_EXISTS": ("ALREADY_EXISTS", "mutate_error"),
    "QUOTA": ("RESOURCE_EXHAUSTED", "quota_error"), "UNSUPPORTED_VERSION": ("UNIMPLEMENTED", "request_error"),
}  # fmt: skip
UNKNOWN_OF_META = {
    "no_answer": (502, None), "1/99": (500, 1), "1": (400, 1), "reduce_data": (500, 1), "2": (503, 2), "http_500": (500, None),
    "http_500/100": (500, 100), "http_503/100": (503, 100), "http_503_without_error": (503, None), "none": (500, None),
    "-1": (500, -1), "0": (400, 0), "99": (400, 99), "104": (400, 104), "960": (400, 960), "100": (400, 100),
    "100/1487390": (400, 100), "100/33": (400, 100), "transient": (400, 100), "4": (400, 4), "17": (400, 17), "341": (400, 341),
    "368": (400, 368), "506": (400, 506), "613": (400, 613), "80004": (400, 80004), "success_false": (200, None),
    "empty_200": (200, None), "html_200": (200, None), "without_id": (200, None), "redirect": (302, None),
}  # fmt: skip
DEFINITE_OF_META = {
    "190": (401, 190), "10": (403, 10), "200": (403, 200), "100_blamed": (400, 100), "2635": (400, 2635),
}  # fmt: skip
UNKNOWN_OF_LINKEDIN = {
    "no_answer": 502, "400_bare": 400, "404_recent": 404, "408": 408, "409": 409, "412": 412, "422_duplicate": 422, "429": 429,
    "499": 499, "500": 500, "503": 503, "504": 504, "redirect": 302, "without_id": 201,
}  # fmt: skip
DEFINITE_OF_LINKEDIN = {"400": 400, "401": 401, "403": 403, "422": 422, "426": 426}


class Writer:
    """Pauses one ad set of each platform by the plainest client there is, and reads whether it is paused."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self._sandbox, self._settings = sandbox, settings

    def is_paused(self, target: Target) -> bool:
        return Platforms(lambda: self._settings).writer(target.platform).image(target).status == "paused"

    def google(self, target: Target) -> tuple[str, str | None]:
        """Status name and the member of the first error, or OK."""
        client = official(self._settings.google_ads)
        operation = client.get_type("AdGroupOperation")
        operation.update.resource_name = f"customers/{target.account_id}/adGroups/{target.entity_id}"
        operation.update.status = client.enums.AdGroupStatusEnum.PAUSED
        operation.update_mask.paths.append("status")
        service = client.get_service("AdGroupService")
        try:
            service.mutate_ad_groups(customer_id=target.account_id, operations=[operation])
        except GoogleAdsException as error:
            code = type(error.failure.errors[0].error_code).pb(error.failure.errors[0].error_code)
            return error.error.code().name, code.WhichOneof("error_code")
        except GoogleAPICallError as error:
            status = error.grpc_status_code
            assert isinstance(status, grpc.StatusCode)
            return status.name, _member_of(error)
        return "OK", None

    def meta(self, target: Target) -> tuple[int, int | None]:
        """HTTP status and the error's code."""
        answer = requests.post(
            f"{self._sandbox.environment['META_GRAPH_URL']}/v26.0/{target.entity_id}",
            data={"status": "PAUSED", "access_token": self._sandbox.environment["META_ACCESS_TOKEN"]},
            allow_redirects=False, timeout=30,
        )  # fmt: skip
        try:
            return answer.status_code, answer.json().get("error", {}).get("code")
        except ValueError:
            return answer.status_code, None

    def linkedin(self, target: Target) -> int:
        environment = self._sandbox.environment
        answer = requests.post(
            f"{environment['LINKEDIN_API_URL']}/adAccounts/{target.account_id}/adCampaigns/{target.entity_id}",
            json={"patch": {"$set": {"status": "PAUSED"}}},
            headers={
                "Authorization": f"Bearer {environment['LINKEDIN_ACCESS_TOKEN']}", "LinkedIn-Version": "202609",
                "X-Restli-Protocol-Version": "2.0.0", "X-RestLi-Method": "PARTIAL_UPDATE",
            },
            allow_redirects=False, timeout=30,
        )  # fmt: skip
        return answer.status_code


def _member_of(error: GoogleAPICallError) -> str | None:
    """The error's kind in the failure that travels in the metadata, which the client leaves undecoded for two
    codes.
    """
    for key, value in error.response.trailing_metadata() or ():
        if key.endswith("googleadsfailure-bin"):
            failure = GoogleAdsFailure.pb().FromString(value)
            return str(failure.errors[0].error_code.WhichOneof("error_code"))
    return None


@pytest.fixture
def write(sandbox: Sandbox, settings: Settings) -> Writer:
    return Writer(sandbox, settings)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_answer_is_met_here(platform: str) -> None:
    ambiguous = {
        "google_ads": UNKNOWN_OF_GOOGLE,
        "meta_ads": UNKNOWN_OF_META,
        "linkedin_ads": UNKNOWN_OF_LINKEDIN,
    }
    definite = {
        "google_ads": DEFINITE_OF_GOOGLE,
        "meta_ads": DEFINITE_OF_META,
        "linkedin_ads": DEFINITE_OF_LINKEDIN,
    }
    assert set(AMBIGUOUS[platform]) == set(ambiguous[platform])
    assert set(DEFINITE[platform]) == set(definite[platform])


def _in_all_moments(
    sandbox: Sandbox, write: Writer, platform: str, name: str, send: Callable[[Target], Any], expected: Any
) -> None:
    faults, target = sandbox.stage.faults, first(sandbox, platform, "ad_set")
    faults.arm(platform, "write_answer", answer=name, moment="before")
    assert send(target) == expected
    assert not write.is_paused(target)
    faults.arm(platform, "write_answer", answer=name, moment="late", seconds=90)
    assert send(target) == expected
    sandbox.stage.clock.advance(timedelta(seconds=89))
    assert not write.is_paused(target)
    sandbox.stage.clock.advance(timedelta(seconds=1))
    assert write.is_paused(target)
    other = first(sandbox, platform, "campaign")
    faults.arm(platform, "write_answer", answer=name, moment="after")
    sandbox.stage.market.changes.clear()
    assert send(target) == expected
    assert write.is_paused(target)
    assert not write.is_paused(other)


@pytest.mark.parametrize("name", UNKNOWN_OF_GOOGLE)
def test_google_answers_ambiguously_before_after_and_late(sandbox: Sandbox, write: Writer, name: str) -> None:
    _in_all_moments(sandbox, write, "google_ads", name, write.google, UNKNOWN_OF_GOOGLE[name])


@pytest.mark.parametrize("name", UNKNOWN_OF_META)
def test_meta_answers_ambiguously_before_after_and_late(sandbox: Sandbox, write: Writer, name: str) -> None:
    _in_all_moments(sandbox, write, "meta_ads", name, write.meta, UNKNOWN_OF_META[name])


@pytest.mark.parametrize("name", UNKNOWN_OF_LINKEDIN)
def test_linkedin_answers_ambiguously_before_after_and_late(
    sandbox: Sandbox, write: Writer, name: str
) -> None:
    _in_all_moments(sandbox, write, "linkedin_ads", name, write.linkedin, UNKNOWN_OF_LINKEDIN[name])


@pytest.mark.parametrize(
    ("platform", "name"), [(platform, name) for platform, names in DEFINITE.items() for name in names]
)
def test_a_definite_refusal_changes_nothing(
    sandbox: Sandbox, write: Writer, platform: str, name: str
) -> None:
    target = first(sandbox, platform, "ad_set")
    sandbox.stage.faults.arm(platform, "write_answer", answer=name)
    sends: dict[str, Callable[[Target], Any]] = {
        "google_ads": write.google, "meta_ads": write.meta, "linkedin_ads": write.linkedin,
    }  # fmt: skip
    expected: dict[str, dict[str, Any]] = {
        "google_ads": DEFINITE_OF_GOOGLE, "meta_ads": DEFINITE_OF_META, "linkedin_ads": DEFINITE_OF_LINKEDIN,
    }  # fmt: skip
    assert sends[platform](target) == expected[platform][name]
    assert not write.is_paused(target)


@pytest.mark.parametrize("moment", ["after", "late"])
@pytest.mark.parametrize(
    ("platform", "name"), [(platform, name) for platform, names in DEFINITE.items() for name in names]
)
def test_no_definite_refusal_can_be_asked_for_after_a_change(
    sandbox: Sandbox, platform: str, name: str, moment: str
) -> None:
    with pytest.raises(ImpossibleAnswer, match="proves that nothing happened"):
        sandbox.stage.faults.arm(platform, "write_answer", answer=name, moment=moment)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"answer": "TEAPOT"}, "has no answer 'TEAPOT'"),
        ({"answer": "INTERNAL", "moment": "never"}, "moment is one of before, after, late"),
        ({"answer": "INTERNAL", "seconds": "soon"}, "seconds is a number"),
        ({"answer": "INTERNAL", "colour": "red"}, "not colour"),
    ],
)
def test_the_control_refuses_an_answer_no_platform_gives(
    sandbox: Sandbox, asked: dict[str, Any], said: str
) -> None:
    body = {"platform": "google_ads", "kind": "write_answer", **asked}
    answer = requests.post(f"{sandbox.environment['SANDBOX_CONTROL_URL']}/faults", json=body, timeout=30)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_control_lists_every_answer_and_arms_one(sandbox: Sandbox, write: Writer) -> None:
    url = f"{sandbox.environment['SANDBOX_CONTROL_URL']}/faults"
    listed = requests.get(url, timeout=30).json()["write_answers"]
    assert listed == {"ambiguous": AMBIGUOUS, "definite": DEFINITE}
    target = first(sandbox, "meta_ads", "ad_set")
    body = {"platform": "meta_ads", "kind": "write_answer", "answer": "-1", "moment": "after"}
    assert requests.post(url, json=body, timeout=30).status_code == 200
    assert write.meta(target) == (500, -1)
    assert write.is_paused(target)


def test_a_late_change_bears_the_time_at_which_it_landed(sandbox: Sandbox, write: Writer) -> None:
    target = first(sandbox, "meta_ads", "ad_set")
    began = sandbox.stage.clock.now()
    sandbox.stage.faults.arm("meta_ads", "write_answer", answer="http_500", moment="late", seconds=600)
    write.meta(target)
    sandbox.stage.clock.advance(timedelta(hours=3))
    assert write.is_paused(target)
    changes = sandbox.stage.market.changes.of("meta_ads", target.account_id, "ad_set", int(target.entity_id))
    assert {change.at for change in changes} == {began + timedelta(seconds=600)}


def test_a_late_change_is_forgotten_with_everything_else(sandbox: Sandbox, write: Writer) -> None:
    target = first(sandbox, "meta_ads", "ad_set")
    sandbox.stage.faults.arm("meta_ads", "write_answer", answer="http_500", moment="late", seconds=600)
    write.meta(target)
    sandbox.stage.forget()
    sandbox.stage.clock.advance(timedelta(hours=1))
    assert not write.is_paused(target)


def test_the_audit_says_which_answer_was_given_and_when(sandbox: Sandbox, write: Writer) -> None:
    sandbox.stage.faults.arm("linkedin_ads", "write_answer", answer="408", moment="late", seconds=5)
    write.linkedin(first(sandbox, "linkedin_ads", "ad_set"))
    assert WriteFault("write_answer", "late", "408", 5).label == "408 late"
    assert sandbox.stage.audit.requests(writes_only=True)[-1]["detail"]["fault"] == "408 late"
