"""Signals: what stood out on a day, as it was known on the morning after."""

from resources.schema import DAY, INSTANT, NUMBER, TEXT, Column, Table

FINDINGS = Table(
    layer="signals",
    name="threshold",
    description="What the plain threshold rule found on each day, from nothing but what was known on the morning after it.",
    columns=(
        Column("day", DAY, "The last day that was judged."),
        Column("known_by", INSTANT, "Nothing that was read later than this (UTC) was looked at."),
        Column("kind", TEXT, "What it would have proposed, such as pause_ad_set."),
        Column("targets", TEXT, "What it would have changed."),
        Column("reason", TEXT, "Why, in one sentence."),
        Column("weight", NUMBER, "Money a day that it is about, account currency."),
        Column("evidence", TEXT, "The figures it rests on, as JSON."),
    ),
    key=("day", "kind", "targets"),
)
