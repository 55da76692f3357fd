"""What a user says of a file that nobody could guess: a small YAML beside it, `export.csv` with `export.mapping.yaml`."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assets.raw.dropped_files.vocabulary import ENTITY_FIELDS, FIELDS, METRICS, bare, columns_of, normal
from resources.errors import DataUnusable


class Mapping(BaseModel):
    """What stands where in a file, and what it does not say itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Literal["google_ads", "meta_ads", "linkedin_ads"]
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    time_zone: str = "UTC"
    account_id: str | None = None
    account_name: str | None = None
    columns: dict[str, str] = Field(default={}, description="Their column by our field.")
    day: date | None = Field(None, description="For a file without days: the day all of it belongs to.")
    date_format: str | None = Field(None, description="As Python's strptime takes it, such as %d/%m/%Y.")
    decimal: Literal[".", ","] | None = None
    aliases: dict[str, dict[str, str]] = Field(
        default={}, description="Per field, what is written and what is meant."
    )

    @field_validator("columns", "aliases")
    @classmethod
    def _fields_are_ours(cls, given: dict[str, object]) -> dict[str, object]:
        if unknown := [field for field in given if field not in FIELDS]:
            raise ValueError(f"{unknown[0]} is none of {', '.join(FIELDS)}")
        return given


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
        raise DataUnusable(
            f"{name}: {where}: {first['msg']}. docs/dropped_files.md shows a mapping."
        ) from error


def propose(headers: Sequence[str]) -> str:
    """A mapping to save and complete: what could be guessed is filled in, the rest is marked with ???."""
    found = {
        platform: columns_of(headers, platform) for platform in ("google_ads", "meta_ads", "linkedin_ads")
    }
    platform = max(found, key=lambda name: len(found[name]))
    guessed = {field: headers[place] for field, place in found[platform].items()} | _by_resemblance(
        headers, set(found[platform])
    )
    lines = [f"platform: {platform if found[platform] else '???'}    # google_ads, meta_ads or linkedin_ads"]
    lines += [
        "currency: ???    # such as EUR",
        "# day: 2026-11-22    # only for a file without a column of days",
        "columns:",
    ]
    needed = ["day", *(names[0] for names in ENTITY_FIELDS.values()), *METRICS]
    for field in FIELDS:
        if field in guessed:
            lines.append(f"  {field}: {yaml.safe_dump(guessed[field]).strip().removesuffix('...').strip()}")
        elif field in needed:
            optional = (
                "    # leave out if there is none" if field not in ("day", "campaign_name", "spend") else ""
            )
            lines.append(f"  {field}: ???{optional}")
    unknown = [header for header in headers if header and header not in guessed.values()]
    if unknown:
        lines.append(f"# Columns nobody could guess: {', '.join(unknown)}")
    return "\n".join(lines) + "\n"


_HINTS = {
    "day": ("date", "day"), "spend": ("spent", "spend", "cost"), "impressions": ("impression", "displays"), "clicks": ("click",),
    "conversions": ("conversion", "orders", "sales"), "conversion_value": ("revenue", "value", "sale amount", "sales amount"),
    "campaign_id": ("campaign id",), "campaign_name": ("campaign name", "campaign"), "ad_id": ("ad id",), "currency": ("currency",),
}  # fmt: skip


def _by_resemblance(headers: Sequence[str], known: set[str]) -> dict[str, str]:
    """Headers that look like a field without being any platform's spelling of it."""
    found: dict[str, str] = {}
    for field, hints in _HINTS.items():
        candidates = [header for header in headers if any(hint in normal(bare(header)) for hint in hints)]
        if field not in known and candidates and candidates[0] not in found.values():
            found[field] = candidates[0]
    return found
