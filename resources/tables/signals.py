"""Signals: what stood out on a day, as it was known on the morning after."""

from resources.schema import DAY, INSTANT, NUMBER, SHARE, TEXT, Column, Table
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
