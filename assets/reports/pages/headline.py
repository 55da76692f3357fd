"""Answer at the top of the page: one sentence, and the findings with the most money at stake.

Each kind of finding has one function from the dashboard's view to findings, listed in `SOURCES`. A further
capability adds one function there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from assets.formatting import numbers
from assets.reports.pages.view import DashboardView

SHOWN = 5
WEEK = 7
Kind = Literal["Loss", "Unspent"]
_ORDER: tuple[Kind, ...] = ("Loss", "Unspent")


@dataclass(frozen=True)
class HeadlineFinding:
    """One finding: what, why, and the money at stake over the next seven days, None where it is in another
    currency than the page's or not known.
    """

    kind: Kind
    text: str
    why: str
    money: float | None
    money_text: str
    anchor: str
    """Id of the section that shows it."""


@dataclass(frozen=True)
class Headline:
    """The sentence (what happened, what it costs, what waits) and the findings, at most `SHOWN`."""

    sentences: tuple[str, ...]
    findings: tuple[HeadlineFinding, ...]
    more: int


def headline(view: DashboardView) -> Headline:
    """The headline of a page: losses first, then unspent budgets, each by money."""
    findings = sorted(
        (finding for source in SOURCES for finding in source(view)),
        key=lambda finding: (_ORDER.index(finding.kind), -(finding.money or 0.0)),
    )
    return Headline(tuple(_sentences(view)), tuple(findings[:SHOWN]), max(len(findings) - SHOWN, 0))


def _sentences(view: DashboardView) -> Iterator[str]:
    approvals = view.approvals
    if approvals and (approvals.killed or approvals.unreadable):
        yield "The kill switch is on." if approvals.killed else "What waits for approval is not known."
    yield _spent(view)
    if view.incidents and (losses := view.incidents.losses):
        stake = numbers.about(view.incidents.stake, view.currency)
        yield f"{'One incident costs' if losses == 1 else f'{losses} incidents cost'} about {stake} a day."
    if view.verdicts and view.verdicts.acted_on:
        count = view.verdicts.acted_on
        ad_sets = "One ad set wastes" if count == 1 else f"{count} ad sets waste"
        yield f"{ad_sets} about {numbers.about(view.verdicts.waste, view.currency)} a week."
    if approvals and not approvals.unreadable:
        waiting = approvals.waiting
        yield (
            "Nothing waits for your approval."
            if not waiting
            else f"{waiting} proposal{' waits' if waiting == 1 else 's wait'} for your approval."
        )


def _spent(view: DashboardView) -> str:
    spend = next((tile.value for tile in view.tiles if tile.metric.key == "spend"), None)
    if spend is None:
        return "No spend is known for this day."
    without = " and ".join(state.label for state in view.without)
    total = next((line for line in view.pacing if line.level == "total"), None)
    plan = ""
    if total is not None and total.status in {"red", "amber"}:
        plan = f"; the month {total.verdict}"
    elif total is not None and total.status == "on plan":
        plan = ", on plan for the month"
    missing = f" without {without}" if without else ""
    return f"{numbers.about(spend, view.currency)} spent{missing}{plan}."


def _incidents(view: DashboardView) -> Iterator[HeadlineFinding]:
    for row in view.incidents.rows if view.incidents else ():
        if row.is_good:
            continue
        yield HeadlineFinding(
            kind="Loss",
            text=(
                f"{row.metric_label[:1].upper()}{row.metric_label[1:]} {numbers.change(row.share)}:"
                f" {row.name}"
            ),
            why=f"{row.value_text} where {row.range_text} is expected, since {row.since}. {row.action}",
            money=row.stake * WEEK,
            money_text=f"{numbers.about(row.stake, view.currency)} a day",
            anchor="incidents",
        )


def _underperformers(view: DashboardView) -> Iterator[HeadlineFinding]:
    found = view.verdicts
    if found is None or not found.acted_on:
        return
    worst = found.rows[0]
    roas = "" if worst.roas is None else f" returns {numbers.multiple(worst.roas)}"
    target = "" if worst.target is None else f" against a target of {numbers.multiple(worst.target)}"
    action = f" {worst.action}." if worst.action else ""
    yield HeadlineFinding(
        kind="Loss",
        text=f"{found.acted_on} underperforming ad set{'' if found.acted_on == 1 else 's'}",
        why=(
            f"The worst, {worst.name},{roas}{target}.{action}"
            if roas
            else f"The worst is {worst.name}. {worst.why}{action}"
        ),
        money=found.waste,
        money_text=f"{numbers.about(found.waste, view.currency)} a week",
        anchor="verdicts",
    )


def _off_plan(view: DashboardView) -> Iterator[HeadlineFinding]:
    for line in view.pacing:
        forecast, plan = line.figures["p50"], line.figures["budget"]
        if line.level != "budget" or line.status != "red" or forecast is None or plan is None:
            continue
        gap = forecast - plan
        amount = numbers.about(abs(gap), line.currency)
        yield HeadlineFinding(
            kind="Loss" if gap > 0 else "Unspent",
            text=f"{line.name} {line.verdict}",
            why=(
                f"Month-end forecast {numbers.about(forecast, line.currency)} for a plan of "
                f"{numbers.about(plan, line.currency)}; {line.days_left} "
                f"day{'' if line.days_left == 1 else 's'} left."
            ),
            money=(
                abs(gap) * min(WEEK / max(line.days_left, 1), 1.0) if line.currency == view.currency else None
            ),
            money_text=f"{amount} {'over' if gap > 0 else 'under'}",
            anchor="pacing",
        )


SOURCES: tuple[Callable[[DashboardView], Iterator[HeadlineFinding]], ...] = (
    _incidents,
    _underperformers,
    _off_plan,
)
