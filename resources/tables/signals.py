"""Signals: what stood out on a day, as it was known on the morning after."""

from resources.schema import COUNT, DAY, FLAG, INSTANT, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c

_KNOWN_BY = Column("known_by", INSTANT, "Nothing that was read later than this (UTC) was looked at.")
UNDERPERFORMERS = Table(
    layer="signals",
    name="underperformers",
    description="Every ad set that spent, with what its ROAS probably is, how likely that is below target, and what should be done about it.",
    columns=(
        Column("day", DAY, "The last day that was judged."),
        _KNOWN_BY,
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("campaign_id", TEXT, "Its campaign."),
        Column("ad_set_id", TEXT, "The ad set."),
        Column("name", TEXT, "Its name.", nullable=True),
        Column("goal", TEXT, "sales (judged by ROAS) or leads (judged by their number)."),
        Column("spend", NUMBER, "Spent in the window, account currency."),
        Column("conversions", NUMBER, "Conversions seen so far."),
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
    layer="signals",
    name="threshold",
    description="What would have been proposed on each day, from nothing but what was known on the morning after it.",
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

ANOMALIES = Table(
    layer="signals",
    name="anomalies",
    description="What stood out on each day: one row per incident that is on or has just ended, with what was expected, what it costs and why.",
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
        Column("metric", TEXT, "What stands out most, in money."),
        Column("metrics", TEXT, "All that stand out."),
        Column("currency", TEXT, "Currency of its money.", nullable=True),
        Column("state", TEXT, "open, or ended."),
        Column("began", DAY, "First day on which it stood out."),
        Column("last_day", DAY, "Newest day on which it stood out; the figures are of that day."),
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
    description="How much was watched on each day: series, metrics, flags, and how many flags chance alone would raise.",
    columns=(
        Column("day", DAY, "The day."),
        c.PLATFORM,
        Column("series", COUNT, "Accounts, campaigns and ad sets that were judged."),
        Column("tests", COUNT, "Metrics of them that were judged."),
        Column("flags", COUNT, "Of these, how many stood out."),
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
