"""The weekly pacing report as a page, a CSV and a short text: three forms of the same rows."""

import csv
import io
from collections.abc import Sequence
from datetime import date

from assets.report import numbers
from assets.report.export import BOM, cell
from assets.report.freshness import short
from assets.report.pacing import SCENARIOS, TITLES, Pace, PacingView, off_plan
from assets.report.page import environment

MOST_LINES = 6


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
    """Every row of the signal with all its columns; UTF-8 with a byte order mark once encoded, as spreadsheets expect."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(view.everything.columns)
    rows.writerows(
        [cell(value) for value in line] for line in view.everything.itertuples(index=False, name=None)
    )
    return BOM + written.getvalue()


def weekly_text(view: PacingView) -> str:
    """A few lines for chat or mail: the total, then what is off plan, the surest first."""
    if not view.groups:
        return f"Pacing, week to {short(view.as_of)}: nothing known of this month yet."
    return "\n".join(
        [f"Pacing, week to {short(view.as_of)} {view.as_of.year}", *sentences(view)][:MOST_LINES]
    )


def sentences(view: PacingView) -> list[str]:
    """The total and what is off plan in words; "all quiet" is one line."""
    if not view.groups:
        return []
    total = view.groups["total"][0]
    wrong = off_plan([*view.groups.get("budget", ()), *view.groups.get("account", ())])
    told = {(line.level, line.name): line for line in wrong}
    first = f"{_ends(total)}. {_plan(view)}"
    said = [first, *(_sentence(line) for line in list(told.values())[: MOST_LINES - 3])]
    if not wrong:
        said.append(_quiet(view))
    elif len(told) > MOST_LINES - 3:
        said.append(f"And {len(told) - (MOST_LINES - 3)} more, on the page.")
    return said


def _plan(view: PacingView) -> str:
    held = view.groups.get("budget", ())
    if not held:
        return "There is no budgets file, so plans are the platforms' own daily budgets times the days of the month."
    return f"{len(held)} budget{'' if len(held) == 1 else 's'} in the file, {len(off_plan(held))} off plan."


def _quiet(view: PacingView) -> str:
    judged: Sequence[Pace] = view.groups.get("budget") or view.groups.get("account", ())
    if any(line.status == "early" for line in judged):
        return "Too early in the month to judge."
    return "Everything is on plan."


def _ends(line: Pace) -> str:
    figures, currency = line.figures, line.currency
    low, middle, high = (numbers.money(figures[key], currency) for key in ("p10", "p50", "p90"))
    if figures["p50"] is None:
        return f"{line.name}: spent {numbers.money(figures['spent'], currency)}; where it will end cannot be said yet"
    return f"{line.name}: spent {numbers.money(figures['spent'], currency)}, ends near {middle} ({low} to {high})"


def _sentence(line: Pace) -> str:
    figures, currency = line.figures, line.currency
    over = (figures["p_over"] or 0.0) >= (figures["p_under"] or 0.0)
    likely = numbers.percent(figures["p_over"] if over else figures["p_under"], decimals=0)
    told = f"{line.icon} {_ends(line)} of {numbers.money(figures['budget'], currency)}: {line.verdict}, {likely} likely."
    if figures["advised_daily"] is not None and figures["daily_budget"] is not None:
        told += f" Daily budgets {numbers.money(figures['daily_budget'], currency)} → {numbers.money(figures['advised_daily'], currency)}."
    elif figures["required_daily"] is not None:
        told += f" It needs {numbers.money(figures['required_daily'], currency)} a day."
    return f"{told} Driven by {line.drivers}." if line.drivers else told
