"""Spend of the day that is still running: as the platforms report it, and against hard caps and the usual day."""

from resources.lake.schema import DAY, INSTANT, MONEY, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c

SPEND_TODAY = Table(
    layer="raw",
    name="spend_today",
    description=(
        "What each campaign of every platform has spent on the day that is still running, read every hour."
    ),
    columns=(
        c.PLATFORM,
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        Column("spend", MONEY, "Cost so far, account currency. Platforms report it up to three hours late."),
        c.PULLED_AT,
    ),
    key=("platform", "account_id", "campaign_id", "day"),
    keeps_history=True,
)
SPEND_WATCH = Table(
    layer="signals",
    name="spend_today",
    description=(
        "Whether today's spend breaks a hard cap before the day ends, and whether an account spends far more"
        " than usual."
    ),
    columns=(
        Column("day", DAY, "The day that was running in most of its accounts."),
        Column("checked_at", INSTANT, "When it was judged (UTC)."),
        Column("level", TEXT, "budget: a hard cap of the budgets file. account: an advertising account."),
        Column("series_id", TEXT, "`budget: ` and its name, or platform and account."),
        Column("name", TEXT, "Name of the budget or account."),
        Column("platform", TEXT, "The platform; empty for a budget.", nullable=True),
        Column("account_id", TEXT, "The account; empty for a budget.", nullable=True),
        Column("currency", TEXT, "Of all its money."),
        Column("spent_before", MONEY, "Spent in the month before today.", nullable=True),
        Column("spent_today", MONEY, "Spent today so far.", nullable=True),
        Column(
            "expected_rest", MONEY, "What a usual day still spends in the hours that are left.", nullable=True
        ),
        Column("usual_day", MONEY, "Mean of the last seven closed days.", nullable=True),
        Column("cap", MONEY, "Hard cap of the month; empty for an account.", nullable=True),
        Column(
            "excess",
            MONEY,
            "By how much the cap is exceeded when the day ends as usual; 0 where it is not.",
            nullable=True,
        ),
        Column("day_share", SHARE, "Share of the day that is over, 0 to 1."),
        Column(
            "times_usual",
            NUMBER,
            "Spend today so far over a whole usual day; empty without one.",
            nullable=True,
        ),
        Column(
            "status",
            TEXT,
            "ok, breaks_today, broken, above_usual, or unknown where a figure it needs is missing.",
        ),
        Column("reason", TEXT, "In one sentence."),
    ),
    key=("series_id",),
)
