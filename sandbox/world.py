"""A world: which accounts exist, how large they are and how their market behaves. A world is a YAML file.

The same world file and seed always give the same market, byte for byte. Three ship with the project (`demo`,
`large`, `stress`); anything else is a path to a file of the same shape.
"""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from sandbox.behaviour import Behaviour, Section
from sandbox.customer_settings import Crm
from sandbox.incident import Incident, Platform, require_known

SHIPPED = Path(__file__).parent / "worlds"
UNIT_MICROS = {"JPY": 1_000_000, "KRW": 1_000_000, "CLP": 1_000_000, "HUF": 1_000_000, "ISK": 1_000_000}
"""Smallest amount a currency is charged in here; 0.01 for all others."""


class WorldWrong(Exception):
    """A world file cannot be read; the message says where and what was expected."""


class Account(Section):
    """One advertising account."""

    platform: Platform
    id: str = Field(pattern=r"^\d{6,18}$")
    name: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    time_zone: str
    campaigns: int = Field(ge=1, le=20_000)
    ad_sets_per_campaign: int = Field(ge=1, le=1_000)
    ads_per_ad_set: int = Field(2, ge=1, le=50)
    performance_max: int = Field(
        0, ge=0, description="Google only: extra campaigns that report at campaign level alone."
    )
    shared_budgets: int = Field(
        0, ge=0, description="Google only: so many pairs of campaigns spend from one budget."
    )
    behaviour: Behaviour = Behaviour()

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError) as error:
            raise ValueError(f"'{zone}' is no IANA time zone such as Europe/Berlin") from error
        return zone

    @model_validator(mode="after")
    def _fits_the_platform(self) -> "Account":
        if self.performance_max and self.platform != "google_ads":
            raise ValueError("performance_max is for google_ads accounts only")
        if self.shared_budgets and (
            self.platform != "google_ads" or 2 * self.shared_budgets > self.campaigns
        ):
            raise ValueError("shared_budgets is for google_ads accounts with two campaigns for each")
        if self.platform == "linkedin_ads" and self.time_zone != "UTC":
            raise ValueError("LinkedIn counts days in UTC: set time_zone to UTC")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def unit_micros(self) -> int:
        return UNIT_MICROS.get(self.currency, 10_000)


class World(Section):
    """Everything the sandbox simulates."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    seed: int = Field(ge=0, lt=2**32)
    begins: date
    accounts: tuple[Account, ...] = Field(min_length=1)
    fx_to_eur: dict[str, float] = Field(
        default={"EUR": 1.0, "USD": 0.9, "GBP": 1.15, "JPY": 0.006, "CHF": 1.04, "BRL": 0.16},
        description="About what one unit was worth in euro; the day's rate wanders around it.",
    )
    incidents: tuple[Incident, ...] = Field((), description="Labelled incidents; none by default.")

    crm: Crm = Crm()

    @model_validator(mode="after")
    def _accounts_are_distinct_and_priced(self) -> "World":
        seen = [(account.platform, account.id) for account in self.accounts]
        if doubled := {f"{p} {i}" for p, i in seen if seen.count((p, i)) > 1}:
            raise ValueError(f"these accounts are listed twice: {', '.join(sorted(doubled))}")
        if unpriced := {a.currency for a in self.accounts} - set(self.fx_to_eur):
            raise ValueError(f"fx_to_eur has no rate for {', '.join(sorted(unpriced))}")
        require_known(self.incidents, seen)
        return self

    def account(self, platform: str, account_id: str) -> Account | None:
        return next((a for a in self.accounts if (a.platform, a.id) == (platform, account_id)), None)

    def of(self, platform: str) -> tuple[Account, ...]:
        return tuple(account for account in self.accounts if account.platform == platform)


def load_world(name_or_path: str, *, seed: int | None = None) -> World:
    """The world of that shipped name or file, with another seed if one is given.

    Raises:
        WorldWrong: There is no such file, it is not YAML, or a value does not fit.
    """
    path = Path(name_or_path)
    if not path.suffix:
        path = SHIPPED / f"{name_or_path}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        shipped = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.yaml")))
        raise WorldWrong(
            f"There is no world '{name_or_path}': name one of {shipped}, or a YAML file."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "its text is not UTF-8"
        raise WorldWrong(f"World file {path.name} is not YAML: {where}.") from None
    if seed is not None and isinstance(content, dict):
        content["seed"] = seed
    try:
        return World.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise WorldWrong(
            f"World file {path.name}: {where}: {first['msg']}{more}. docs/sandbox.md lists every field."
        ) from None
