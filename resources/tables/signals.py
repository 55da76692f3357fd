"""Signals: what stood out on a day, as it was known on the morning after."""

from resources.lake.schema import COUNT, DAY, FLAG, INSTANT, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c

_KNOWN_BY = Column("known_by", INSTANT, "Nothing that was read later than this (UTC) was looked at.")
UNDERPERFORMERS = Table(
    layer="signals",
    name="underperformers",
    description=(
        "Every ad set that spent, with what its ROAS probably is, how likely that is below target, and what"
        " should be done about it."
    ),
    columns=(
        Column("day", DAY, "The last day that was judged."),
        _KNOWN_BY,
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("campaign_id", TEXT, "Its campaign."),
        Column("ad_set_id", TEXT, "The ad set."),
        Column("name", TEXT, "Its name.", nullable=True),
        Column("goal", TEXT, "sales (judged by ROAS) or leads (judged by their number)."),
        Column("days", COUNT, "Days with spend in the window.", nullable=True),
        Column("spend", NUMBER, "Spent in the window, account currency."),
        Column("conversions", NUMBER, "Conversions seen so far."),
        Column("conversion_value", NUMBER, "Their value, account currency.", nullable=True),
        Column(
            "expected_conversions", NUMBER, "Conversions to be seen by now, were it at target.", nullable=True
        ),
        Column(
            "target",
            NUMBER,
            "ROAS it should have; for leads, conversions per unit of reporting currency.",
            nullable=True,
        ),
        Column("roas_mean", NUMBER, "What its ROAS probably is; empty for leads.", nullable=True),
        Column("roas_low", NUMBER, "Low end of that: 80 % interval.", nullable=True),
        Column("roas_high", NUMBER, "High end of that: 80 % interval.", nullable=True),
        Column("p_below", SHARE, "How likely it is below target.", nullable=True),
        Column(
            "regret_week",
            NUMBER,
            "What a week more of it would probably waste, reporting currency.",
            nullable=True,
        ),
        Column("verdict", TEXT, "fine, watch, reduce, pause, not enough evidence, or protected."),
        Column("why", TEXT, "The reason, in a sentence."),
    ),
    key=("day", "platform", "account_id", "ad_set_id"),
)
FINDINGS = Table(
    layer="actions",
    name="policy_replay",
    description=(
        "What would have been proposed on each day, from nothing but what was known on the morning after it."
    ),
    columns=(
        Column("day", DAY, "The last day that was judged."),
        _KNOWN_BY,
        Column("kind", TEXT, "What it would have proposed, such as pause_ad_set."),
        Column("targets", TEXT, "What it would have changed."),
        Column("reason", TEXT, "Why, in one sentence."),
        Column("weight", NUMBER, "Money a day that it is about, account currency."),
        Column("evidence", TEXT, "The figures it rests on, as JSON."),
    ),
    key=("day", "kind", "targets"),
)

PROPOSED_FINDINGS = Table(
    layer="actions",
    name="proposals",
    description=(
        "Findings of all rules in the order in which they used up limits, and what became of each: proposed,"
        " kept back and why, or not examined. Proposes; changes nothing."
    ),
    columns=(
        Column("day", DAY, "The last closed day."),
        Column("position", COUNT, "Place in the day's order, from 1."),
        Column("kind", TEXT, "What is recommended, such as pause_ad_set."),
        Column("rule", TEXT, "The rule that recommends it."),
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("level", TEXT, "campaign, ad_set, shared_budget or audience."),
        Column("entity_id", TEXT, "What would change; of several, the first."),
        Column("weight", NUMBER, "Money a day that it is expected to save, earn or move."),
        Column("reason", TEXT, "Why it is recommended."),
        Column("outcome", TEXT, "proposed, kept back, or not examined."),
        Column("why", TEXT, "Why it was kept back.", nullable=True),
        Column("proposal_id", TEXT, "The proposal that was made of it.", nullable=True),
    ),
    key=("day", "position"),
)

ANOMALIES = Table(
    layer="signals",
    name="anomalies",
    description=(
        "Incidents of each day: one row per incident that is on or has just ended, with what was expected,"
        " what it costs and why."
    ),
    columns=(
        Column("day", DAY, "The last day that was judged."),
        _KNOWN_BY,
        Column("incident_id", TEXT, "The same as long as the incident lasts."),
        Column(
            "part_of",
            TEXT,
            "The larger incident, of its campaign or account, that it belongs to.",
            nullable=True,
        ),
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("level", TEXT, "account, campaign or ad_set."),
        Column("campaign_id", TEXT, "Its campaign.", nullable=True),
        Column("ad_set_id", TEXT, "The ad set.", nullable=True),
        Column("name", TEXT, "Name of the account, campaign or ad set.", nullable=True),
        Column("metric", TEXT, "The metric that deviates most, in money."),
        Column("metrics", TEXT, "All metrics that deviate."),
        Column("currency", TEXT, "Currency of its money.", nullable=True),
        Column("state", TEXT, "open, or ended."),
        Column("began", DAY, "First day of the deviation."),
        Column("last_day", DAY, "Newest day of the deviation; the figures are of that day."),
        Column("value", NUMBER, "What it was; conversions as they will probably end."),
        Column("expected", NUMBER, "What was to be expected."),
        Column("low", NUMBER, "Low end of what was to be expected: 80 % range."),
        Column("high", NUMBER, "High end of that."),
        Column("p_value", SHARE, "How likely chance alone does this."),
        Column("stake", NUMBER, "Money a day it is about, reporting currency."),
        Column("severity", TEXT, "high, medium or low, by the share of the day's spend that is at stake."),
        Column("is_good", FLAG, "Whether it is good news."),
        Column(
            "data",
            TEXT,
            "What is to be said of the data first; empty where they can be trusted.",
            nullable=True,
        ),
        Column("cause", TEXT, "Which factor moved, and where."),
        Column(
            "change",
            TEXT,
            "The nearest recorded change: ours, somebody's at the platform, or the platform's.",
            nullable=True,
        ),
        Column("action", TEXT, "What to do about it."),
    ),
    key=("day", "incident_id"),
)
WATCHED = Table(
    layer="signals",
    name="watched",
    description=(
        "How much was watched on each day: series, metrics, flags, and how many flags chance alone would"
        " raise."
    ),
    columns=(
        Column("day", DAY, "The day."),
        c.PLATFORM,
        Column("series", COUNT, "Accounts, campaigns and ad sets that were judged."),
        Column("tests", COUNT, "Metrics of them that were judged."),
        Column("flags", COUNT, "Of these, how many were flagged."),
        Column("by_chance", NUMBER, "How many would, were all well: an upper bound."),
        Column("young", COUNT, "Series too young to be judged, or whose day was not over or not read."),
    ),
    key=("day", "platform"),
)
MARKS = Table(
    layer="signals",
    name="marks",
    description="What people said of incidents: right, wrong, or snoozed until a day.",
    columns=(
        Column("incident_id", TEXT, "The incident."),
        Column("at", INSTANT, "When it was said (UTC)."),
        Column("mark", TEXT, "right, wrong or snooze."),
        Column("until", DAY, "A snooze holds through this day.", nullable=True),
        Column("person", TEXT, "Who said it."),
        Column("note", TEXT, "Why.", nullable=True),
    ),
    key=("incident_id", "at"),
)


def _money(name: str, description: str) -> Column:
    return Column(name, NUMBER, f"{description} In `currency`.", nullable=True)


PACING = Table(
    layer="signals",
    name="pacing",
    description=(
        "Where every budget's month will end: spent so far, the 80 % range of its end, and what a day must"
        " spend to land on plan."
    ),
    columns=(
        Column("day", DAY, "The last closed day of the month that was looked at."),
        _KNOWN_BY,
        Column(
            "series_id",
            TEXT,
            "What it is of: all, a platform, an account, a campaign, or a budget of the user's file.",
        ),
        Column("level", TEXT, "total, platform, account, campaign or budget."),
        Column("platform", TEXT, "The platform; empty for budgets and the total.", nullable=True),
        Column("account_id", TEXT, "The account; empty above accounts.", nullable=True),
        Column("campaign_id", TEXT, "The campaign; empty above campaigns.", nullable=True),
        Column("name", TEXT, "Its name."),
        Column("currency", TEXT, "Of all its money: the account's, the budget's, or the reporting currency."),
        _money("spent", "Spent in the month so far."),
        _money("p10", "The month ends below this one time in ten."),
        _money("p50", "The month ends above this as often as below."),
        _money("p90", "The month ends above this one time in ten."),
        _money("budget", "What the month should come to, with what was carried over."),
        Column(
            "budget_source",
            TEXT,
            "budgets file, platforms' daily budgets (times the days of the month), or none.",
        ),
        _money("carried", "Carried over from earlier months by the budget's own rule."),
        Column("hard_cap", FLAG, "Whether it must never be exceeded."),
        _money("target_to_date", "What an even month would have spent by now."),
        Column(
            "p_over", SHARE, "How likely the month ends above plan by more than the tolerance.", nullable=True
        ),
        Column("p_under", SHARE, "How likely it ends below plan by more than the tolerance.", nullable=True),
        Column(
            "p_beyond",
            SHARE,
            "How likely it ends above plan at all: what counts for a hard cap.",
            nullable=True,
        ),
        _money("required_daily", "What a day must spend from now on to land on plan."),
        _money("daily_budget", "Daily budgets as they stand."),
        _money(
            "advised_daily", "Daily budgets that bring the month to plan, a fifth apart from today's at most."
        ),
        Column(
            "feasible",
            FLAG,
            "Whether the platform can still spend what is missing; empty where that is not known.",
            nullable=True,
        ),
        Column("days_left", COUNT, "Days of the month on which it may still spend."),
        Column("unknown_days", COUNT, "Days of the month without a figure."),
        Column("status", TEXT, "early, on plan, amber, red or no plan."),
        Column("verdict", TEXT, "The same in words, with the side it errs to."),
        Column("drivers", TEXT, "Campaigns that pull it there, against their own daily budgets."),
        Column("note", TEXT, "What else counts, such as what was carried over."),
        Column(
            "accuracy",
            SHARE,
            "Median error of the same projection in up to six earlier months.",
            nullable=True,
        ),
        Column("accuracy_months", COUNT, "How many months that is of."),
        _money("p50_minus_20", "Where it ends with daily budgets a fifth lower from tomorrow on."),
        _money("p50_minus_10", "The same, a tenth lower."),
        _money("p50_plus_10", "The same, a tenth higher."),
        _money("p50_plus_20", "The same, a fifth higher."),
    ),
    key=("day", "series_id"),
)
PACING_ACCURACY = Table(
    layer="signals",
    name="pacing_accuracy",
    description=(
        "What earlier months were projected to end at on the same day of theirs, and what they came to."
    ),
    columns=(
        Column("day", DAY, "The day whose projection this is the record of."),
        Column("series_id", TEXT, "What it is of, as in signals/pacing."),
        Column("of_month", DAY, "First day of the month that was projected."),
        _money("projected", "The middle of the projection."),
        _money("p10", "Its low end."),
        _money("p90", "Its high end."),
        _money("came", "What the month came to, in the currency of signals/pacing."),
        Column("error", SHARE, "Distance of the two as a share of what came."),
    ),
    key=("day", "series_id", "of_month"),
)
