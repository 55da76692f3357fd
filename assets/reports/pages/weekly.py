"""The weekly pacing report as a page, a CSV and a short text: three forms of the same rows."""

from collections.abc import Sequence
from datetime import date

from assets.formatting import numbers
from assets.formatting.csv_text import csv_text
from assets.formatting.platform_names import short
from assets.reports.pages.pacing import SCENARIOS, TITLES, PacingLine, PacingView, off_plan
from assets.reports.pages.page import environment

NAMED = 3
"""How many budgets off plan are named: a message has six lines at most."""


def weekly_name(as_of: date, ending: str) -> str:
    """File name of a form of the report, such as weekly_pacing_2026-11-22.html."""
    return f"weekly_pacing_{as_of}.{ending}"


def render_weekly(view: PacingView) -> str:
    """The page. The same view gives the same text."""
    template = environment().get_template("weekly_pacing.html.j2")
    return template.render(
        view=view,
        titles=TITLES,
        scenarios=SCENARIOS,
        sentences=sentences(view),
        csv_name=weekly_name(view.as_of, "csv"),
    )


def weekly_csv(view: PacingView) -> str:
    """Every row of the signal with all its columns; UTF-8 with a byte order mark once encoded, as
    spreadsheets expect.
    """
    return csv_text(view.everything.columns, view.everything.itertuples(index=False, name=None))


def weekly_text(view: PacingView) -> str:
    """A few lines for chat or mail: the total, then what is off plan, the surest first."""
    week = f"Pacing, week to {short(view.as_of)} {view.as_of.year}"
    if not view.groups:
        return f"{week}: nothing known of this month yet."
    late = ["Read only after the week: from what is known now."] if view.is_late else []
    return "\n".join([week, *late, *sentences(view)])


def sentences(view: PacingView) -> list[str]:
    """The total and what is off plan in words; "all quiet" is one line."""
    if not view.groups:
        return []
    total, judged = view.groups["total"][0], view.groups.get("budget") or view.groups.get("account", ())
    wrong = off_plan(judged)
    lines = [f"{_ends(total)}. {_plan(view)}", *(_sentence(line) for line in wrong[:NAMED])]
    if not wrong:
        lines.append(_quiet(judged))
    elif len(wrong) > NAMED:
        lines.append(f"And {len(wrong) - NAMED} more, on the page.")
    return lines


def _plan(view: PacingView) -> str:
    held = view.groups.get("budget", ())
    if not held:
        return (
            "There is no budgets file, so plans are the platforms' own daily budgets times the days of the"
            " month."
        )
    return f"{len(held)} budget{'' if len(held) == 1 else 's'} in the file, {len(off_plan(held))} off plan."


def _quiet(judged: Sequence[PacingLine]) -> str:
    if any(line.status == "early" for line in judged):
        return "Too early in the month to judge."
    return "Everything is on plan."


def _ends(line: PacingLine) -> str:
    figures, currency = line.figures, line.currency
    low, middle, high = (numbers.money(figures[key], currency) for key in ("p10", "p50", "p90"))
    if figures["p50"] is None:
        return (
            f"{line.name}: spent {numbers.money(figures['spent'], currency)}; where it will end cannot be"
            " said yet"
        )
    return (
        f"{line.name}: spent {numbers.money(figures['spent'], currency)}, ends near {middle} ({low} to"
        f" {high})"
    )


def _sentence(line: PacingLine) -> str:
    figures, currency = line.figures, line.currency
    over = (figures["p_over"] or 0.0) >= (figures["p_under"] or 0.0)
    share = (figures["p_over"] if over else figures["p_under"]) or 0.0
    likely = "over 99%" if share > 0.99 else numbers.percent(share, decimals=0)
    text = (
        f"{line.icon} {_ends(line)} of {numbers.money(figures['budget'], currency)}: {line.verdict}, {likely}"
        " likely."
    )
    if figures["advised_daily"] is not None and figures["daily_budget"] is not None:
        text += (
            f" Daily budgets {numbers.money(figures['daily_budget'], currency)} →"
            f" {numbers.money(figures['advised_daily'], currency)}."
        )
    elif figures["required_daily"] is not None:
        text += f" It needs {numbers.money(figures['required_daily'], currency)} a day."
    return f"{text} Driven by {line.drivers}." if line.drivers else text
