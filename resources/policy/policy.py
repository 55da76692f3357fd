"""policy.yaml as a typed, immutable model: what may be proposed, who may approve what, and limits that no
approval overrides.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    ValidationError,
    model_validator,
)

from resources.errors import PaidMediaError
from resources.ledger.proposal import Kind
from resources.policy.anomalies import AnomalyThresholds, SpecialDays
from resources.policy.audiences import AudiencePolicy
from resources.policy.budgets import PLATFORMS
from resources.policy.crm import CrmMapping
from resources.policy.labels import Label
from resources.policy.notifications import Notifications
from resources.policy.pacing import Pacing
from resources.policy.segments import Segments
from resources.policy.strict_yaml import UnreadableYaml, first_fault, parse, read_text

Level = Literal["observe", "propose", "auto_safe", "auto_neutral"]
LEVELS: tuple[Level, ...] = ("observe", "propose", "auto_safe", "auto_neutral")
"""From the least to the most a program may do by itself."""
LAST_KEY = "end_of_policy"
_LAST_LINE = re.compile(rf"(?:^|\n){LAST_KEY}: true\r?\n\Z")


class PolicyUnreadable(PaidMediaError):
    """policy.yaml is missing or invalid. Nothing is written to a platform until it is fixed."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Frozen):
    """Where a permission applies: fields that are not set match everything."""

    platform: str | None = None
    account_id: str | None = None
    label: str | None = None

    @property
    def words(self) -> str:
        return " ".join(part for part in (self.platform, self.account_id, self.label) if part) or "everywhere"


class Permission(Scope):
    """Permission level in a scope. Automatic levels name the person who enabled them."""

    level: Level
    turned_on_by: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_signed(self) -> "Permission":
        needed = {"auto_safe": 1, "auto_neutral": 2}.get(self.level, 0)
        if len(set(self.turned_on_by)) < needed:
            raise ValueError(f"{self.level} needs turned_on_by with {needed} name(s)")
        return self


class Cap(_Frozen):
    """Maximum daily budget, in the account's currency."""

    currency: str = Field(pattern="^[A-Z]{3}$")
    entity_daily: Decimal = Field(gt=0)
    account_daily: Decimal = Field(gt=0)


class Approver(_Frozen):
    """A person who may decide: up to which change of a daily budget (reporting currency), and for which
    kinds.
    """

    up_to: Decimal = Field(gt=0)
    kinds: tuple[Kind, ...] | None = None


class Blackout(_Frozen):
    """A period without budget increases and without automatic actions, in the account's time zone."""

    name: str
    weekday: int | None = Field(None, ge=0, le=6, description="0 is Monday")
    hour: int = Field(0, ge=0, le=23)
    until_weekday: int | None = Field(None, ge=0, le=6)
    until_hour: int = Field(0, ge=0, le=24)
    first_day: date | None = None
    last_day: date | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Blackout":
        if (self.weekday is None) == (self.first_day is None) or (self.weekday is None) != (
            self.until_weekday is None
        ):
            raise ValueError("a blackout has weekday and until_weekday, or first_day (and last_day)")
        return self


class Guardrails(_Frozen):
    """Limits on changes, with the defaults in docs/approvals.md. Shares are fractions."""

    change_share: float = Field(0.20, gt=0, le=1)
    change_share_week: float = Field(0.40, gt=0, le=2)
    cool_down_hours: float = Field(72, ge=0)
    cool_down_hours_learning: float = Field(168, ge=0)
    budget_changes_an_hour: dict[str, Annotated[int, Field(ge=1)]] = {"meta_ads": 4}
    """How often a platform lets one budget change within an hour, whoever changes it.

    A platform left out has no such limit.
    """
    account_share_a_day: float = Field(0.25, gt=0, le=1)
    account_share_a_day_automatic: float = Field(0.10, gt=0, le=1)
    pauses_a_day: int = Field(5, ge=0)
    pauses_share_a_day: float = Field(0.10, ge=0, le=1)
    most_times_current: float = Field(3.0, gt=1)
    floor_share: float = Field(0.5, ge=0, le=1)
    ceiling_share: float = Field(1.2, ge=1)
    least_daily: dict[str, Decimal] = {
        "google_ads": Decimal(1),
        "meta_ads": Decimal(1),
        "linkedin_ads": Decimal(10),
    }
    never: tuple[str, ...] = ("protected", "brand", "experiment")
    human_edit_hours: float = Field(72, ge=0)
    untouched_share: float = Field(0.60, ge=0, le=1)
    data_hours: float = Field(36, gt=0)
    evidence_days: int = Field(14, ge=7, le=60)
    expected_to_propose: float = Field(10, ge=0)
    expected_for_automatic: float = Field(30, ge=0)
    stop_loss: float = Field(3, gt=0)
    visible: dict[int, float] = {0: 0.45, 1: 0.55, 3: 0.68, 7: 0.85, 14: 0.96, 30: 1.0}
    """Share of conversions that can be seen k days after the click, until it is learned from the account's
    own history.
    """
    month_end_days: int = Field(2, ge=0, le=10)
    blackouts: tuple[Blackout, ...] = (
        Blackout(name="weekend", weekday=4, hour=15, until_weekday=0, until_hour=9),
    )
    keywords_at_once: int = Field(200, ge=1)
    """Keywords that one proposal may add and remove."""
    ads_at_once: int = Field(10, ge=1)
    """Ads that one proposal may make."""
    conversions_lost: float = Field(1.0, ge=0)
    """Conversions that the searches blocked by negative keywords may have brought in 28 days."""
    shadow_decisions: int = Field(20, ge=0)
    shadow_right: float = Field(0.90, ge=0, le=1)


class UnderperformanceThresholds(_Frozen):
    """Thresholds of underperformance (`assets.signals.underperformers`)."""

    window_days: int = Field(28, ge=7, le=90)
    expected_conversions: float = Field(10, gt=0, description="Fewer at target say nothing.")
    stop_loss: float = Field(3, gt=0, description="So many expected and none seen are judged already.")
    without_target: float = Field(
        0.70, gt=0, le=1, description="Share of its account's average that is asked where no target is given."
    )
    watch_above: float = Field(0.50, ge=0, le=1)
    reduce_above: float = Field(0.70, ge=0, le=1)
    pause_above: float = Field(
        0.95,
        ge=0,
        le=1,
        description="Of all ad sets ever paused, at most the rest to 1 are good, however often one looks.",
    )


class Approval(_Frozen):
    """How decisions are made."""

    hours: float = Field(24, gt=0, description="Time to decide on budgets and pauses.")
    second_person_above: Decimal = Field(
        Decimal(500), ge=0, description="Change of a daily budget, reporting currency."
    )
    second_person_share: float = Field(0.25, gt=0)
    totp_at_most: int = Field(
        5, ge=1, description="Decisions on more at once need a code bound to exactly these."
    )
    proposals_a_day: int = Field(
        50, ge=1, description="The most that people are asked to decide on of one day, the most money first."
    )
    wrong_codes: int = Field(5, ge=1)
    wrong_codes_minutes: float = Field(15, gt=0)
    revert_days: int = Field(14, ge=0)
    retire_days: int = Field(90, ge=1)
    settle_seconds: float = Field(
        60,
        ge=0,
        description=(
            "How long after its request a write that is not to be seen stays unknown; 15 minutes at least."
        ),
    )


class Policy(_Frozen):
    """Contents of policy.yaml."""

    permissions: tuple[Permission, ...]
    caps: dict[str, Cap]
    approvers: dict[str, Approver]
    labels: dict[str, Label] = {}
    target_roas: dict[str, PositiveFloat] = {}
    """Target per platform, "platform account" or "platform account campaign"; the most particular counts.
    Without one, break-even by the margin; without that an ad set is compared with its own account."""
    margin: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    """Share of a sale's value that is left after its own costs, keyed likewise: the ROAS that breaks even is
    one over it.
    """
    target_cpa: dict[str, PositiveFloat] = {}
    """What a lead may cost, in the reporting currency, keyed likewise."""
    guardrails: Guardrails = Guardrails()
    judging: UnderperformanceThresholds = UnderperformanceThresholds()
    watching: AnomalyThresholds = AnomalyThresholds()
    calendar: tuple[SpecialDays, ...] = ()
    pacing: Pacing = Pacing()
    segments: Segments = Segments()
    approval: Approval = Approval()
    crm: CrmMapping = CrmMapping()
    notifications: Notifications = Notifications()
    audiences: AudiencePolicy = AudiencePolicy()

    @model_validator(mode="after")
    def _names_exist(self) -> "Policy":
        if strangers := {name for p in self.permissions for name in p.turned_on_by} - set(self.approvers):
            raise ValueError(f"turned_on_by names '{min(strangers)}', who is no approver")
        # Whether the labels of the default are there is asked of a file alone: `_loaded`.
        protected = set(self.guardrails.never) - set(Guardrails().never)
        for where, labels in (
            ("permissions name", [scope.label for scope in self.permissions]),
            ("notifications.routes name", [route.label for route in self.notifications.routes]),
            ("guardrails.never names", protected),
        ):
            if unknown := {label for label in labels if label} - set(self.labels):
                raise ValueError(f"{where} the label '{min(unknown)}', which labels does not have")
        for where, places in self._places():
            for entry in places:
                if entry.split(" ")[0] not in PLATFORMS:
                    raise ValueError(f"{where} names '{entry}', and platforms are {', '.join(PLATFORMS)}")
        for entry in self.caps:
            if len(entry.split(" ")) != 2 or not all(entry.split(" ")):
                raise ValueError(f"caps names '{entry}', which is not a platform and an account")
        return self

    def _places(self) -> Iterable[tuple[str, Iterable[str]]]:
        """Every name of a platform, or of a place that begins with one, by where it stands."""
        routes, audiences = self.notifications.routes, self.audiences
        yield "permissions.platform", [scope.platform for scope in self.permissions if scope.platform]
        yield "notifications.routes.platform", [route.platform for route in routes if route.platform]
        owners = set(self.notifications.owners) - set(self.labels) - {"*"}
        yield "notifications.owners", owners
        yield "caps", self.caps
        yield "target_roas", self.target_roas
        yield "margin", self.margin
        yield "target_cpa", self.target_cpa
        yield "guardrails.budget_changes_an_hour", self.guardrails.budget_changes_an_hour
        yield "guardrails.least_daily", self.guardrails.least_daily
        yield "segments.match_rate", self.segments.match_rate
        yield "segments.platform_minimum", self.segments.platform_minimum
        yield "audiences.least_matched", audiences.least_matched
        yield "audiences.match_share", audiences.match_share
        yield "audiences.special_category_accounts", audiences.special_category_accounts

    def cap(self, platform: str, account_id: str) -> Cap | None:
        return self.caps.get(f"{platform} {account_id}")

    @property
    def asks_platform_labels(self) -> bool:
        """Whether any label of this policy depends on labels at a platform, so that unknown ones matter."""
        return any(label.platform_label for label in self.labels.values())

    def labels_of(
        self,
        *,
        campaign_id: str | None,
        campaign_name: str | None,
        ad_set_id: str | None,
        at_platform: Iterable[str] = (),
    ) -> frozenset[str]:
        """Policy labels that apply to a campaign or to an ad set in it; `at_platform` are its labels at the
        platform.
        """
        at_platform = tuple(at_platform)
        return frozenset(
            name
            for name, label in self.labels.items()
            if label.holds(
                campaign_id=campaign_id,
                campaign_name=campaign_name,
                ad_set_id=ad_set_id,
                at_platform=at_platform,
            )
        )

    def permission(self, platform: str, account_id: str, labels: Iterable[str]) -> Permission:
        """The applicable permission: the most specific one, and among equals the most restrictive."""
        labels = set(labels)
        held = [
            permission
            for permission in self.permissions
            if permission.platform in {None, platform}
            and permission.account_id in {None, account_id}
            and (permission.label is None or permission.label in labels)
        ]
        if not held:
            return Permission(level="observe")
        return min(held, key=lambda permission: (-_particular(permission), LEVELS.index(permission.level)))

    def target(self, platform: str, account_id: str, campaign_id: str | None = None) -> float | None:
        """Target ROAS of a campaign, or of the account; None if the policy sets none."""
        if (target := _most_particular(self.target_roas, platform, account_id, campaign_id)) is not None:
            return target
        margin = _most_particular(self.margin, platform, account_id, campaign_id)
        return None if margin is None else 1 / margin

    def cpa(self, platform: str, account_id: str, campaign_id: str | None = None) -> float | None:
        """Target cost per lead of a campaign, or of the account, in the reporting currency; None if the
        policy sets none.
        """
        return _most_particular(self.target_cpa, platform, account_id, campaign_id)


def load_policy(path: Path) -> Policy:
    """Policy in that file.

    Raises:
        PolicyUnreadable: It is missing or wrong; the sentence says where and what.
    """
    try:
        return _loaded(read_text(path))
    except UnreadableYaml as error:
        why = str(error)
    except ValidationError as error:
        why = first_fault(error)
    raise PolicyUnreadable(
        f"{path}: {why}. Nothing is proposed or written without a policy; docs/approvals.md explains it."
    )


def _loaded(text: str) -> Policy:
    """Policy of that text, which must be complete and define every protected label, including the standard
    ones.
    """
    if not _LAST_LINE.search(text):
        raise UnreadableYaml(f"its last line is not '{LAST_KEY}: true', so it may have been cut off")
    given: Any = parse(text)
    if not isinstance(given, dict) or given.pop(LAST_KEY, None) is not True:
        raise UnreadableYaml(f"the whole is not a mapping that ends with '{LAST_KEY}: true'")
    policy = Policy.model_validate(given)
    if undefined := set(policy.guardrails.never) - set(policy.labels):
        raise UnreadableYaml(
            f"guardrails.never has the label '{min(undefined)}', which labels does not have (an empty one"
            f" will do: {min(undefined)}: {{}})"
        )
    return policy


def policy_text(content: Mapping[str, Any]) -> str:
    """Text of a policy file with that content and its end marker, for programs that write one."""
    return yaml.safe_dump(dict(content), allow_unicode=True) + f"{LAST_KEY}: true\n"


def _most_particular(by_place: dict[str, float], platform: str, *parts: str | None) -> float | None:
    places = list(accumulate((platform, *(part for part in parts if part)), "{} {}".format))
    return next((by_place[scope] for scope in reversed(places) if scope in by_place), None)


def _particular(scope: Scope) -> int:
    return 4 * (scope.label is not None) + 2 * (scope.account_id is not None) + (scope.platform is not None)
