"""Log of pulls: which days of which account were requested when, with what result and how many calls."""

from resources.lake.schema import COUNT, DAY, INSTANT, NUMBER, TEXT, Column, Table
from resources.tables import common as c

PULLS = Table(
    layer="raw",
    name="pulls",
    description=(
        "Every reading of every account: its days, whether it was accepted and if not why, and the calls it"
        " took."
    ),
    columns=(
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("account_name", TEXT, "Name of the account."),
        Column("time_zone", TEXT, "Time zone in which the account counts its days."),
        Column("pulled_at", INSTANT, "When it was read (UTC); the same as in the rows it left."),
        Column("start_day", DAY, "First day asked for; empty where entities were listed.", nullable=True),
        Column("end_day", DAY, "Last day asked for.", nullable=True),
        Column("tables", TEXT, "Names of the tables asked for, separated by spaces."),
        Column(
            "verdict",
            TEXT,
            "accepted, refused (a check failed), failed (no answer to use) or postponed (no calls left).",
        ),
        Column("reason", TEXT, "Why it was not accepted, in one sentence, and what to do.", nullable=True),
        Column("rows", COUNT, "Rows read."),
        Column("added", COUNT, "Rows that were not known before."),
        Column("changed", COUNT, "Rows that were restated."),
        Column("vanished", COUNT, "Rows that were reported before and are no longer."),
        Column("calls", COUNT, "Calls made for it, those that failed among them."),
        Column(
            "used_percent",
            NUMBER,
            "Share of its allowance that the platform said is used, 0 to 100.",
            nullable=True,
        ),
        Column("seconds", NUMBER, "How long it took."),
        Column("run_id", TEXT, "The Dagster run."),
    ),
    key=("platform", "account_id", "pulled_at"),
    keeps_history=True,
)
