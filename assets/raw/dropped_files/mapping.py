"""What a user says of a file that nobody could guess: a small YAML beside it, `export.csv` with
`export.mapping.yaml`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assets.raw.dropped_files.report_terms import MICROS, RATE
from assets.raw.dropped_files.vocabulary import (
    ENTITY_FIELDS,
    FIELDS,
    METRICS,
    PLATFORMS,
    bare,
    columns_of,
    normal,
    signature_of,
)
from resources.errors import DataUnusable

MAPPED_FIELDS = ("platform", *FIELDS)
Report = Literal[
    "whole",
    "search_term",
    "keyword",
    "conversion_action",
    "asset",
    "audience",
    "landing_page",
    "product",
    "demographic",
]


class Mapping(BaseModel):
    """What stands where in a file, and what it does not say itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: str | None = Field(None, description=f"One of {', '.join(PLATFORMS)}.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    time_zone: str = "UTC"
    account_id: str | None = None
    account_name: str | None = None
    columns: dict[str, str] = Field(default={}, description="Their column by our field.")
    day: date | None = Field(None, description="For a file without days: the day all of it belongs to.")
    date_format: str | None = Field(None, description="As Python's strptime takes it, such as %d/%m/%Y.")
    decimal: Literal[".", ","] | None = None
    units: dict[str, Literal["units", "micros"]] = Field(
        default={}, description="Per amount: micros where a million is one unit of the currency."
    )
    report: Report | None = Field(None, description="For a report of a part only, such as search_term.")
    aliases: dict[str, dict[str, str]] = Field(
        default={}, description="Per field, what is written and what is meant."
    )

    @field_validator("platform")
    @classmethod
    def _platform_is_read(cls, given: str | None) -> str | None:
        if given is not None and given not in PLATFORMS:
            raise ValueError(f"{given} is none of {', '.join(PLATFORMS)}")
        return given

    @field_validator("columns", "aliases", "units")
    @classmethod
    def _fields_are_ours(cls, given: dict[str, object]) -> dict[str, object]:
        if unknown := [field for field in given if field not in MAPPED_FIELDS]:
            raise ValueError(f"{unknown[0]} is none of {', '.join(MAPPED_FIELDS)}")
        return given

    @field_validator("columns")
    @classmethod
    def _amounts_are_no_rates(cls, given: dict[str, str]) -> dict[str, str]:
        for field in METRICS:
            if field in given and RATE.search(normal(given[field])):
                raise ValueError(f"{given[field]} is a rate or an average and cannot be {field}")
        return given

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{given} is no time zone: write one such as Europe/Berlin") from error
        return given

    @model_validator(mode="after")
    def _platform_is_told(self) -> "Mapping":
        if self.platform is None and "platform" not in self.columns:
            raise ValueError(
                f"say the platform: one of {', '.join(PLATFORMS)}, or its column under `columns`"
            )
        return self


def read_mapping(name: str, text: str) -> Mapping:
    """The mapping in a YAML text.

    Raises:
        DataUnusable: It is not YAML, or a value does not fit; the message says where.
    """
    try:
        return Mapping.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "its text"
        raise DataUnusable(f"{name} is not YAML: look at {where}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        message = first["msg"].removeprefix("Value error, ")
        raise DataUnusable(f"{name}: {where}: {message}. docs/dropped_files.md shows a mapping.") from error


def propose(headers: Sequence[str]) -> str:
    """A mapping to save and complete: what could be guessed is filled in, the rest is marked with ???."""
    by_platform = {platform: columns_of(headers, platform) for platform in PLATFORMS}
    signature = signature_of(headers)
    platform = signature or max(PLATFORMS[:3], key=lambda name: len(by_platform[name]))
    columns = {
        field: headers[place]
        for field, place in by_platform[platform].items()
        if field in FIELDS and not (field in METRICS and RATE.search(normal(headers[place])))
    }
    columns |= _by_resemblance(headers, set(columns), set(columns.values()))
    lines = [f"platform: {platform if columns else '???'}    # one of {', '.join(PLATFORMS)}"]
    lines += ["currency: ???    # such as EUR"]
    if "day" not in columns:
        lines.append("# day: 2026-11-22    # only for a file whose lines are all of one day")
    if "spend" in columns and MICROS.search(normal(columns["spend"])):
        lines.append("units: {spend: micros}    # a million is one unit of the currency")
    lines.append("columns:")
    needed = ["day", *(names[0] for names in ENTITY_FIELDS.values()), *METRICS]
    for field in FIELDS:
        if field in columns:
            lines.append(
                f"  {field}:"
                f" {yaml.safe_dump(columns[field], allow_unicode=True).strip().removesuffix('...').strip()}"
            )
        elif field in needed:
            optional = (
                "    # leave out if there is none" if field not in ("day", "campaign_name", "spend") else ""
            )
            lines.append(f"  {field}: ???{optional}")
    unknown = [header for header in headers if header and header not in columns.values()]
    if unknown:
        lines.append(f"# Columns nobody could guess: {', '.join(unknown)}")
    return "\n".join(lines) + "\n"


_HINTS = {
    "day": ("date", "day"),
    "spend": ("spent", "spend", "cost"),
    "impressions": ("impression", "displays"),
    "clicks": ("click",),
    "conversions": ("conversion", "orders", "sales"),
    "conversion_value": ("revenue", "value", "sale amount", "sales amount"),
    "campaign_id": ("campaign id",),
    "campaign_name": ("campaign name", "campaign"),
    "ad_id": ("ad id",),
    "currency": ("currency",),
}


def _by_resemblance(headers: Sequence[str], fields: set[str], taken: set[str]) -> dict[str, str]:
    """Headers that look like a field without being any platform's spelling of it; a rate or average is never
    an amount.
    """
    guesses: dict[str, str] = {}
    for field, hints in _HINTS.items():
        candidates = [
            header
            for header in headers
            if any(hint in normal(bare(header)) for hint in hints)
            and not RATE.search(normal(header))
            and header not in taken | set(guesses.values())
        ]
        if field not in fields and candidates:
            guesses[field] = candidates[0]
    return guesses
