"""Budgets file (YAML or CSV): monthly budgets, and known changes of future spend.

A budget covers everything (`all`), platforms, accounts or campaigns, or several of them, such as a client or
a portfolio. Without a file the platforms' own daily budgets are the plan. docs/pacing.md shows every field.
"""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from resources.errors import PaidMediaError
from resources.policy.strict_yaml import (
    StrictLoader,
    UnreadableYaml,
    first_fault,
    parse,
    read_content,
    read_text,
)
from resources.readers.days import DayOrder, day, day_order
from resources.readers.encodings import text_of
from resources.readers.numbers import Unreadable, currency_in, decimal_mark, number

CarryOver = Literal["none", "add_unspent", "add_and_subtract"]
EVERYTHING = "all"
PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")
_LIST = ("covers",)


class BudgetsUnreadable(PaidMediaError):
    """The budgets file is missing or invalid. No plan is derived from the rest of it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _covers_list(given: object) -> object:
    """A single covered entity may be written without brackets."""
    return [given] if isinstance(given, str) else given


def _covered_entities(covers: tuple[str, ...]) -> tuple[str, ...]:
    """`all`, or platform, account and campaign; account ids as in the platform's API, without dashes."""
    entities = []
    for text in covers:
        words = text.split()
        if text.strip() == EVERYTHING:
            entities.append(EVERYTHING)
            continue
        if not 1 <= len(words) <= 3 or words[0] not in PLATFORMS:
            raise ValueError(
                f"'{text}' is neither all nor PLATFORM, PLATFORM ACCOUNT or PLATFORM ACCOUNT CAMPAIGN"
            )
        if len(words) > 1:
            account = words[1].removeprefix("act_")
            words[1] = account.replace("-", "") if re.fullmatch(r"[\d-]+", account) else account
        entities.append(" ".join(words))
    return tuple(entities)


def _upper(given: object) -> object:
    return given.strip().upper() if isinstance(given, str) else given


class Budget(_Frozen):
    """Budget of one month, or of every month."""

    name: str = Field(min_length=1)
    covers: tuple[str, ...] = Field(min_length=1)
    amount: float = Field(gt=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    month: str | None = Field(None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    start: date | None = None
    end: date | None = None
    carry_over: CarryOver = "none"
    hard_cap: bool = False

    _currency_in_capitals = field_validator("currency", mode="before")(_upper)
    _one_or_many = field_validator("covers", mode="before")(_covers_list)
    _checked = field_validator("covers")(_covered_entities)

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
        """Whether the budget applies to the month that begins on that day."""
        last = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        is_its_month = self.month is None or self.month == f"{month:%Y-%m}"
        return (
            is_its_month
            and (self.start is None or self.start < last)
            and (self.end is None or self.end >= month)
        )


class KnownChange(_Frozen):
    """Known change of future spend: `factor` on ordinary spend (0 is a pause), or a new daily budget."""

    covers: tuple[str, ...] = (EVERYTHING,)
    start: date
    end: date | None = None
    factor: float | None = Field(None, ge=0, le=10)
    daily_budget: float | None = Field(None, gt=0)
    note: str = ""

    _one_or_many = field_validator("covers", mode="before")(_covers_list)
    _checked = field_validator("covers")(_covered_entities)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "KnownChange":
        if (self.factor is None) == (self.daily_budget is None):
            raise ValueError("give factor or daily_budget, and not both")
        if self.daily_budget and any(len(cover.split()) < 3 for cover in self.covers):
            raise ValueError("daily_budget is for campaigns: covers needs PLATFORM ACCOUNT CAMPAIGN")
        return self


class Budgets(_Frozen):
    """Contents of the budgets file; empty where there is none."""

    budgets: tuple[Budget, ...] = ()
    known: tuple[KnownChange, ...] = ()

    @model_validator(mode="after")
    def _names_are_distinct(self) -> "Budgets":
        seen: set[tuple[str, str | None]] = set()
        for budget in self.budgets:
            if (budget.name, budget.month) in seen:
                raise ValueError(
                    f"the budget '{budget.name}' stands there twice for {budget.month or 'every month'}"
                )
            seen.add((budget.name, budget.month))
        return self

    def of(self, month: date) -> tuple[Budget, ...]:
        """Budgets of the month that begins on that day; one for a named month overrides one for every month."""
        held = [budget for budget in self.budgets if budget.holds_in(month)]
        named = {budget.name for budget in held if budget.month}
        return tuple(budget for budget in held if budget.month or budget.name not in named)


def load_budgets(path: Path, *, is_asked_for: bool = False) -> Budgets:
    """Budgets in that file, YAML or CSV by extension; empty if it does not exist and was not named in the
    settings (`is_asked_for`).

    Raises:
        BudgetsUnreadable: It is wrong, or missing though it was named; the sentence says where and what.
    """
    if not path.exists() and not is_asked_for:
        return Budgets()
    try:
        given = _from_csv(_csv_text(path)) if path.suffix.lower() == ".csv" else _from_yaml(read_text(path))
        return Budgets.model_validate(given)
    except (UnreadableYaml, Unreadable) as error:
        why = str(error)
    except ValidationError as error:
        why = first_fault(error)
    raise BudgetsUnreadable(f"{path.name}: {why}. docs/pacing.md shows every field.")


def _csv_text(path: Path) -> str:
    """Text of a CSV in any encoding that spreadsheets write."""
    text = text_of(read_content(path))
    if text is None:
        raise Unreadable("its text is in no encoding that is known: save it in UTF-8")
    return text


_COLUMNS = {"budget": "amount", "client": "name", "monthly budget": "amount"}
_YES, _NO = {"yes", "true", "1", "ja", "oui", "si", "sí", "x"}, {"no", "false", "0", "nein", "non", ""}


def _from_csv(text: str) -> dict[str, Any]:
    """One entry per budget, or per known change where its columns are filled; `covers` is separated by
    semicolons or bars.

    Raises:
        Unreadable: A cell could be read in two ways; the message names the line and the column.
    """
    header = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    lines = csv.DictReader(io.StringIO(text.lstrip("\r\n")), delimiter=delimiter)
    rows = [
        (
            line,
            {
                _column(key): value.strip()
                for key, value in row.items()
                if isinstance(value, str) and value.strip()
            },
        )
        for line, row in enumerate(lines, 2)
    ]
    rows = [(line, row) for line, row in rows if row]
    amounts = [row[column] for _, row in rows for column in ("amount", "daily_budget") if column in row]
    mark = decimal_mark(amounts)
    order = day_order(
        [row[column] for _, row in rows for column in ("start", "end") if column in row], default=None
    )
    sections: dict[str, list[dict[str, Any]]] = {"budgets": [], "known": []}
    for line, row in rows:
        section = "budgets" if "amount" in row or "name" in row else "known"
        sections[section].append(_typed(row, line, mark=mark, order=order))
    return sections


def _column(header: str | None) -> str:
    name = (header or "").strip().lstrip("\ufeff").casefold()
    return _COLUMNS.get(name, name.replace(" ", "_"))


def _typed(row: dict[str, str], line: int, *, mark: str | None, order: DayOrder) -> dict[str, Any]:
    """Cells of a row as typed values."""
    typed: dict[str, Any] = dict(row)
    if "covers" in row:
        typed["covers"] = [part.strip() for part in re.split(r"[;|]", row["covers"]) if part.strip()]
    for column in ("amount", "daily_budget", "factor"):
        if column in row:
            typed[column] = _amount(row[column], line, column, mark=mark if column != "factor" else None)
    if "currency" not in row and "amount" in row and (code := currency_in([row["amount"]])):
        typed["currency"] = code
    typed |= {column: _day(row[column], line, column, order) for column in ("start", "end") if column in row}
    if "month" in row and not re.fullmatch(r"\d{4}-\d{2}", row["month"]):
        raise Unreadable(f"line {line}, month: '{row['month']}' is not a month: write it as 2026-11")
    if "hard_cap" in row:
        word = row["hard_cap"].casefold()
        if word not in _YES | _NO:
            raise Unreadable(f"line {line}, hard_cap: write yes or no")
        typed["hard_cap"] = word in _YES
    return typed


def _day(text: str, line: int, column: str, order: DayOrder) -> date:
    try:
        return day(text, order=order)
    except Unreadable as error:
        reason = str(error).split(":")[0]
        raise Unreadable(f"line {line}, {column}: {reason}. Write days as 2026-11-01") from None


def _amount(text: str, line: int, column: str, *, mark: str | None) -> Decimal | None:
    try:
        return number(text, mark=mark)
    except Unreadable as error:
        reason = str(error).split(": say")[0]
        raise Unreadable(
            f"line {line}, {column}: '{text}': {reason}. Write it as 1234.50 without thousands"
        ) from None


class _BudgetLoader(StrictLoader):
    """YAML without octal and sexagesimal numbers and without yes/no booleans: 0100 is a hundred, and a budget
    may be called NO.
    """


_BudgetLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_BudgetLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False|yes|no|Yes|No)$"), list("tfTFynYN")
)


def _from_yaml(text: str) -> dict[str, Any]:
    """The document; a list at the top level is a list of budgets.

    Raises:
        Unreadable: An amount could be read in two ways.
    """
    document = parse(text, _BudgetLoader) or {}
    sections = {"budgets": document} if isinstance(document, list) else document
    if not isinstance(sections, dict):
        return {"budgets": sections}
    for budget in sections.get("budgets") or ():
        if not isinstance(budget, dict):
            continue
        if isinstance(budget.get("name"), bool):
            budget["name"] = "yes" if budget["name"] else "no"
        if isinstance(budget.get("amount"), str):
            name = budget.get("name")
            try:
                budget["amount"] = number(budget["amount"], mark=decimal_mark([budget["amount"]]))
            except Unreadable as error:
                reason = str(error).split(": say")[0]
                raise Unreadable(
                    f"the amount of '{name}': {reason}. Write it as 1234.50 without thousands"
                ) from None
        if isinstance(budget.get("month"), date):
            budget["month"] = f"{budget['month']:%Y-%m}"
    return sections
