"""budgets.yaml or a CSV: what may be spent in a month, and what is known beforehand of the days to come.

A budget covers the whole (`all`), platforms, accounts or campaigns, several of them together too, as a client or a portfolio has
them. The file is the user's; without one the platforms' own daily budgets are the plan. docs/pacing.md shows every field.
"""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from resources.errors import PaidMediaError

CarryOver = Literal["none", "add_unspent", "add_and_subtract"]
EVERYTHING = "all"
PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")
_LIST = ("covers",)


class BudgetsUnreadable(PaidMediaError):
    """The budgets file is missing or wrong. No plan is guessed from the rest of it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _places(covers: tuple[str, ...]) -> tuple[str, ...]:
    for one in covers:
        words = one.split()
        if one != EVERYTHING and (not 1 <= len(words) <= 3 or words[0] not in PLATFORMS):
            raise ValueError(
                f"'{one}' is neither all nor PLATFORM, PLATFORM ACCOUNT or PLATFORM ACCOUNT CAMPAIGN"
            )
    return tuple(" ".join(one.split()) for one in covers)


class Budget(_Frozen):
    """What may be spent in each month, or in one."""

    name: str = Field(min_length=1)
    covers: tuple[str, ...] = Field(min_length=1)
    amount: float = Field(gt=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    month: str | None = Field(None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    start: date | None = None
    end: date | None = None
    carry_over: CarryOver = "none"
    hard_cap: bool = False

    _checked = field_validator("covers")(_places)

    @model_validator(mode="after")
    def _holds_together(self) -> "Budget":
        if self.start and self.end and self.end < self.start:
            raise ValueError("end lies before start")
        if self.carry_over != "none" and self.start is None:
            raise ValueError("carry_over needs a start: the first day that counts")
        if self.carry_over != "none" and self.month:
            raise ValueError("carry_over is for budgets of every month, and this one names its month")
        return self

    def holds_in(self, month: date) -> bool:
        """Whether it is a budget of the month that begins on that day."""
        last = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        is_its_month = self.month is None or self.month == f"{month:%Y-%m}"
        return (
            is_its_month
            and (self.start is None or self.start < last)
            and (self.end is None or self.end >= month)
        )


class Known(_Frozen):
    """What is known of days to come: `factor` on ordinary spend (0 is a pause), or the daily budget from then on."""

    covers: tuple[str, ...] = (EVERYTHING,)
    start: date
    end: date | None = None
    factor: float | None = Field(None, ge=0, le=10)
    daily_budget: float | None = Field(None, gt=0)
    note: str = ""

    _checked = field_validator("covers")(_places)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Known":
        if (self.factor is None) == (self.daily_budget is None):
            raise ValueError("give factor or daily_budget, and not both")
        if self.daily_budget and any(len(one.split()) < 3 for one in self.covers):
            raise ValueError("daily_budget is for campaigns: covers needs PLATFORM ACCOUNT CAMPAIGN")
        return self


class Budgets(_Frozen):
    """Everything the file says; empty where there is none."""

    budgets: tuple[Budget, ...] = ()
    known: tuple[Known, ...] = ()

    @model_validator(mode="after")
    def _names_are_distinct(self) -> "Budgets":
        seen: set[tuple[str, str | None]] = set()
        for one in self.budgets:
            if (one.name, one.month) in seen:
                raise ValueError(
                    f"the budget '{one.name}' stands there twice for {one.month or 'every month'}"
                )
            seen.add((one.name, one.month))
        return self

    def of(self, month: date) -> tuple[Budget, ...]:
        """The budgets of the month that begins on that day; one that names its month outranks one of every month."""
        held = [one for one in self.budgets if one.holds_in(month)]
        named = {one.name for one in held if one.month}
        return tuple(one for one in held if one.month or one.name not in named)


def load_budgets(path: Path, *, is_asked_for: bool = False) -> Budgets:
    """The budgets in that file, YAML or CSV by its ending; none where it is not there and nobody `is_asked_for` it by name.

    Raises:
        BudgetsUnreadable: It is wrong, or missing though it was named; the sentence says where and what.
    """
    if not path.exists() and not is_asked_for:
        return Budgets()
    try:
        text = path.read_text(encoding="utf-8-sig")
        return Budgets.model_validate(
            _from_csv(text) if path.suffix == ".csv" else yaml.safe_load(text) or {}
        )
    except (OSError, UnicodeDecodeError) as error:
        why = f"it cannot be read ({getattr(error, 'strerror', None) or 'its text is not UTF-8'})"
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = f"line {mark.line + 1} is no YAML" if mark else "it is no YAML"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        why = (
            f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg'].removeprefix('Value error, ')}"
        )
    raise BudgetsUnreadable(f"{path.name}: {why}. docs/pacing.md shows every field.")


def _from_csv(text: str) -> dict[str, Any]:
    """A row per budget, or per known change where its columns are filled; several `covers` are parted by semicolons."""
    made: dict[str, list[dict[str, Any]]] = {"budgets": [], "known": []}
    for row in csv.DictReader(io.StringIO(text)):
        given = {
            (key or "").strip(): value.strip()
            for key, value in row.items()
            if isinstance(value, str) and value.strip()
        }
        if "covers" in given:
            given |= {"covers": [one.strip() for one in given["covers"].split(";") if one.strip()]}  # type: ignore[dict-item]
        made["budgets" if "amount" in given or "name" in given else "known"].append(given)
    return made
