"""Data-quality checks of one account's reading, run before any of it is stored, with the messages for
failures.

A reading is compared with other answers of the platform: levels with each other, days with what an earlier
reading had, delivery with the list of active entities. Known weakness: rows that are missing from every level
at once, and were never read before, cannot be detected.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pandas as pd

from resources.platforms.account import Account

TOLERANCE = 0.005
"""Share by which levels may differ: they are read some seconds apart."""
SLACK = 0.05
"""The same in units of money, below which a share means nothing."""
CLOSED_AFTER_DAYS = 3
RESTATED = 0.01
CAP_SHARE = 0.95
TOKEN_DAYS = 7


@dataclass(frozen=True)
class QualityResult:
    """Result of one check on one account. `blocks`: a failure keeps the whole reading out of the lake."""

    check: str
    passed: bool
    message: str = ""
    blocks: bool = True


@dataclass(frozen=True)
class ReadingSummary:
    """Figures of a reading that the checks compare, in small frames.

    Attributes:
        doubled: Table name to how many keys stand twice.
        seen_days: Table name to its first and last day.
        totals: day, level (account, campaign, ad_set, ad), part ("whole", or "below" for what its upper level
            has in campaigns that report the lower one), spend, impressions.
        before: day, spend, read_at: account spend per day as it stands, and when it was last read.
        active: entity_id, level, name of active campaigns and ad sets that may deliver on the last day.
        delivered: entity_id of what has a row on the last day.
        priced: Whether exchange rates are known at all; `unpriced` days without one for the account's
            currency.
    """

    account: Account
    start: date
    end: date
    at: datetime
    today: date
    doubled: dict[str, int]
    seen_days: dict[str, tuple[date, date]]
    totals: pd.DataFrame
    before: pd.DataFrame
    active: pd.DataFrame
    delivered: frozenset[str]
    unpriced: int = 0
    known_currency: bool = True
    longest_answer: int = 0
    most_rows: int | None = None
    by_action: pd.DataFrame = field(default_factory=pd.DataFrame)
    """day, conversions by ad set, conversions by action; where the platform tells both."""


CHECKS: dict[str, str] = {
    "one_row_per_key": "No row stands twice: its spend would be counted twice.",
    "no_day_from_the_future": "Every row is of a day that was asked for and has begun where the account is.",
    "levels_agree": "Account, campaigns, ad sets and ads add up to the same within 0.5 %: a report that was cut does not.",
    "closed_spend_is_stable": "Spend of days that ended more than three days ago moved by at most 1 % since it was last read.",
    "answers_are_below_the_cap": "No answer is so long that the platform may have cut it.",
    "active_entities_are_reported": "What is running has delivery, or the totals prove that it had none.",
    "figures_are_fresh": "An account with running campaigns has delivery on its newest days.",
    "currency_is_known": "The account's currency and its exchange rates are known: no rate is not a rate of one.",
    "token_lasts_a_week": "The login does not end within a week.",
    "every_account_was_read": "Every account was read: none failed, none had to be postponed.",
}
"""Every check of a platform's pull, with what a marketer should know of it."""
WARN_ONLY = frozenset({"figures_are_fresh", "token_lasts_a_week"})
"""These warn and keep nothing out: figures are no worse for them."""


def quality_results(reading: ReadingSummary) -> list[QualityResult]:
    """The result of every check on an account's reading, in the order of `CHECKS`."""
    return [
        _keys(reading),
        _days(reading),
        _levels(reading),
        _closed(reading),
        _cap(reading),
        _active(reading),
        _fresh(reading),
        _currency(reading),
    ]


def refusal(results: Iterable[QualityResult], *, allowed: frozenset[str] = frozenset()) -> str | None:
    """Why the reading is not kept, None if it is. Checks that a person allowed to fail do not count."""
    failures = [
        result for result in results if result.blocks and not result.passed and result.check not in allowed
    ]
    return " ".join(result.message for result in failures) or None


def token(ends_at: datetime | None, *, now: datetime) -> QualityResult:
    """Whether the login lasts another week; one that does not end, or does not say, passes."""
    check = "token_lasts_a_week"
    if ends_at is None or ends_at - now > timedelta(days=TOKEN_DAYS):
        return QualityResult(check, passed=True, blocks=False)
    message = f"The login ends on {ends_at:%Y-%m-%d %H:%M} UTC: make a new token before that (docs/configuration.md)."
    return QualityResult(check, passed=False, message=message, blocks=False)


def _keys(r: ReadingSummary) -> QualityResult:
    doubled = {name: count for name, count in r.doubled.items() if count}
    tables = ", ".join(f"{count} in {name}" for name, count in doubled.items())
    message = f"{_who(r)}: rows stand twice ({tables}). The platform answered inconsistently: read it again."
    return QualityResult("one_row_per_key", passed=not doubled, message=message)


def _days(r: ReadingSummary) -> QualityResult:
    last = min(r.end, r.today)
    wrong = {n: span for n, span in r.seen_days.items() if span[0] < r.start or span[1] > last}
    ranges = "; ".join(f"{name} has {low}..{high}" for name, (low, high) in wrong.items())
    message = f"{_who(r)}: asked for {r.start}..{last} in the account's own days, {ranges}. Check the account's time zone."
    return QualityResult("no_day_from_the_future", passed=not wrong, message=message)


def _levels(r: ReadingSummary) -> QualityResult:
    """Account against campaigns, campaigns against their ad sets, ad sets against their ads, day by day."""
    check, gaps = "levels_agree", []
    if r.totals.empty:
        return QualityResult(check, passed=True)
    wide = r.totals.pivot_table(
        index="day", columns=["level", "part"], values=["spend", "impressions"], aggfunc="sum"
    )
    for measure, slack in (("spend", SLACK), ("impressions", 5.0)):
        for upper, lower, part in (
            ("account", "campaign", "whole"),
            ("campaign", "ad_set", "below"),
            ("ad_set", "ad", "below"),
        ):
            above, below = wide.get((measure, upper, part)), wide.get((measure, lower, "whole"))
            if above is None or below is None:
                continue
            above, below = above.fillna(0.0), below.fillna(0.0)
            gap = (above - below).abs()
            over = gap[gap > TOLERANCE * pd.concat([above, below], axis=1).max(axis=1) + slack]
            if len(over):
                day = over.idxmax()
                gaps.append(
                    f"{_plural(lower)} add up to {below[day]:,.2f} {measure} on {day:%Y-%m-%d} and {_says(upper)} {above[day]:,.2f}"
                )
    gaps += _actions(r)
    advice = "A report was cut or is not finished: read it again, and if it stays so compare with the platform's own screens."
    return QualityResult(check, passed=not gaps, message=f"{_who(r)}: {'; '.join(gaps[:3])}. {advice}")


def _actions(r: ReadingSummary) -> list[str]:
    """Conversions by action that do not add up to what the ad sets have."""
    if r.by_action.empty:
        return []
    whole, parts = r.by_action["conversions"].fillna(0.0), r.by_action["by_action"].fillna(0.0)
    off = (whole - parts).abs() > TOLERANCE * whole.clip(lower=parts) + 0.5
    if not off.any():
        return []
    row = r.by_action[off].iloc[0]
    return [
        f"conversion actions add up to {row['by_action']:,.1f} conversions on {row['day']:%Y-%m-%d} and ad sets have {row['conversions']:,.1f}"
    ]


def _closed(r: ReadingSummary) -> QualityResult:
    check = "closed_spend_is_stable"
    if r.before.empty:
        return QualityResult(check, passed=True)
    spend = "account" if (r.totals["level"] == "account").any() else "campaign"
    now = r.totals[(r.totals["level"] == spend) & (r.totals["part"] == "whole")].set_index("day")["spend"]
    then = r.before.set_index("day")
    closed = then.index.map(lambda day: (r.today - day.date()).days > CLOSED_AFTER_DAYS)
    late = (then["read_on"] - then.index).dt.days > CLOSED_AFTER_DAYS
    then = then[closed & late]
    moved = now.reindex(then.index).fillna(0.0) - then["spend"]
    far = moved[moved.abs() > RESTATED * then["spend"].abs() + SLACK]
    if far.empty:
        return QualityResult(check, passed=True)
    day = far.abs().idxmax()
    message = (
        f"{_who(r)}: spend of {len(far)} closed day(s) moved by more than 1 %, most on {day:%Y-%m-%d} from "
        f"{then['spend'][day]:,.2f} to {then['spend'][day] + moved[day]:,.2f}. Compare with the platform's billing; if the new figure "
        f"is right, run `python -m orchestration.cli backfill --from {far.index.min():%Y-%m-%d} --to {far.index.max():%Y-%m-%d} "
        f"--platform {r.account.platform} --accept {check}`."
    )
    return QualityResult(check, passed=False, message=message)


def _cap(r: ReadingSummary) -> QualityResult:
    near = r.most_rows is not None and r.longest_answer >= CAP_SHARE * r.most_rows
    message = f"{_who(r)}: an answer had {r.longest_answer:,} rows and the platform cuts at {r.most_rows or 0:,}. Read fewer days at a time."
    return QualityResult("answers_are_below_the_cap", passed=not near, message=message)


def _active(r: ReadingSummary) -> QualityResult:
    """Absence is no delivery only where the totals prove it; `levels_agree` says whether they do."""
    silent = r.active[~r.active["entity_id"].isin(r.delivered)] if len(r.active) else r.active
    levels = set(r.totals["level"]) if len(r.totals) else set()
    proven = "account" in levels and _levels(r).passed
    named = ", ".join(silent["name"].head(3)) if len(silent) else ""
    message = f"{_who(r)}: {len(silent)} running campaigns and ad sets have no row on {r.end} ({named}), and the totals do not prove that they delivered nothing. Read the account again with all its levels."
    note = f"{len(silent)} running without delivery on {r.end}, proven by the totals" if len(silent) else ""
    passed = silent.empty or proven
    return QualityResult("active_entities_are_reported", passed=passed, message=note if passed else message)


def _fresh(r: ReadingSummary) -> QualityResult:
    check = "figures_are_fresh"
    whole = r.totals[r.totals["part"] == "whole"] if len(r.totals) else r.totals
    newest = whole["day"].max().date() if len(whole) else None
    last = min(r.end, r.today - timedelta(days=1))
    if r.active.empty or newest is None or newest >= last or r.end < r.today - timedelta(days=2):
        return QualityResult(check, passed=True, blocks=False)
    message = f"{_who(r)}: {len(r.active)} campaigns and ad sets are running and nothing was delivered since {newest}. The platform may be late: look again in an hour."
    return QualityResult(check, passed=False, message=message, blocks=False)


def _currency(r: ReadingSummary) -> QualityResult:
    passed = r.known_currency and not r.unpriced
    why = (
        f"{r.account.currency} has no exchange rate on {r.unpriced} of its days. Add them to the file that PAID_MEDIA_FX_RATES names, renew core/fx_rate and read the account again"
        if r.known_currency
        else f"{r.account.currency} is a currency whose smallest unit is not known here. Nothing of the account is kept: open an issue"
    )
    return QualityResult("currency_is_known", passed=passed, message=f"{_who(r)}: {why}.")


def _who(r: ReadingSummary) -> str:
    return f"Account {r.account.name} ({r.account.account_id})"


def _plural(level: str) -> str:
    return level.replace("_", " ") + "s"


def _says(level: str) -> str:
    return {"account": "the account says", "campaign": "their campaigns say", "ad_set": "their ad sets say"}[
        level
    ]
