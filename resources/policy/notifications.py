"""Notifications section of policy.yaml: recipients, routes and quiet hours."""

import re
from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

DEFAULT = "default"
"""The channel that is there without any policy: the addresses in PAID_MEDIA_NOTIFY."""
VARIABLE = r"^PAID_MEDIA_NOTIFY(_[A-Z0-9]+)*$"
_MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _clock_time(value: Any) -> Any:
    """A time of day. YAML 1.1 reads an unquoted 20:00 as the number 1200 (minutes) and 08:30 as text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    return value


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):  # nothing of that name, or no name at all
        return False
    return True


ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Channel(_Frozen):
    """Destination of messages. Several addresses in one variable receive one message each."""

    address: str = Field(pattern=VARIABLE, description="The variable that holds the Apprise addresses.")
    format: Literal["html", "markdown", "text"] | None = Field(
        None, description="By the kind of address unless given: HTML for mail, Markdown for chat."
    )


class Route(_Frozen):
    """Channels for a kind of message."""

    platform: str | None = None
    account_id: str | None = None
    label: str | None = None
    priorities: tuple[Literal["P1", "P2", "P3"], ...] = ("P1", "P2", "P3")
    kinds: tuple[str, ...] = Field(
        (), description="Such as approval, pacing, incident, run; all unless given."
    )
    channels: tuple[str, ...] = Field(min_length=1)


class WorkingHours(_Frozen):
    """Hours in which messages of priority P2 are sent, in the account's time zone."""

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field((0, 1, 2, 3, 4), min_length=1)
    start: ClockTime = time(9)
    end: ClockTime = time(18)

    @model_validator(mode="after")
    def _end_is_later(self) -> "WorkingHours":
        if self.end <= self.start:
            raise ValueError("working hours end after they start, such as start: '09:00', end: '18:00'")
        return self


class QuietHours(_Frozen):
    """Hours in which only messages of priority P1 are sent."""

    start: ClockTime = time(20)
    end: ClockTime = time(8)


class Notifications(_Frozen):
    """Recipients, routes and hours of notifications."""

    company: str = Field("", max_length=40, description="Stands in every subject.")
    time_zone: str | None = Field(
        None,
        description="For what concerns no single account; that of the account that spends most unless given.",
    )
    channels: dict[str, Channel] = {}
    routes: tuple[Route, ...] = ()
    owners: dict[str, str] = Field(
        {},
        description=(
            "Who is called in a P1, by 'platform account', platform, label or '*', as the chat writes it:"
            " '@anna', '<@U02AB>'."
        ),
    )
    working_hours: WorkingHours = WorkingHours()
    quiet_hours: QuietHours = QuietHours()
    digest_at: ClockTime = time(8, 30)
    digest_waits_hours: float = Field(
        3.0, ge=0, le=12, description="For yesterday's figures, if they are late."
    )
    gather_minutes: float = Field(
        10.0, ge=0, le=120, description="What comes within this time is one message."
    )
    seconds: float = Field(
        10.0, gt=0, le=30, description="The longest that sending may keep anything waiting."
    )
    attempts: int = Field(8, ge=1, le=20, description="After which an address is given up for a message.")

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None and not _is_zone(name):
            raise ValueError(f"'{name}' is no time zone, such as Europe/Berlin")
        return name

    @field_validator("owners")
    @classmethod
    def _are_no_addresses(cls, owners: dict[str, str]) -> dict[str, str]:
        if wrong := [scope for scope, name in owners.items() if _MAIL_ADDRESS.search(name)]:
            raise ValueError(
                f"the owner of '{wrong[0]}' is a mail address: messages hold none; write a chat name"
            )
        return owners

    @model_validator(mode="after")
    def _channels_exist(self) -> "Notifications":
        named = {name for route in self.routes for name in route.channels}
        if unknown := named - set(self.channels) - {DEFAULT}:
            raise ValueError(f"a route names the channel '{min(unknown)}', which channels does not have")
        return self

    @property
    def every_channel(self) -> dict[str, Channel]:
        """All channels of the policy, and the default channel where none is given or a route names it."""
        named = any(DEFAULT in route.channels for route in self.routes)
        if self.channels and not named:
            return dict(self.channels)
        return {DEFAULT: Channel(address="PAID_MEDIA_NOTIFY"), **self.channels}

    def zone(self, *names: str | None) -> ZoneInfo:
        """The first known one of these time zones, else the policy's, else UTC."""
        zone_name = next((name for name in (*names, self.time_zone) if name and _is_zone(name)), "UTC")
        return ZoneInfo(zone_name)
