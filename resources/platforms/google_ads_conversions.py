"""Google's conversion actions: what counts as a conversion, and for how long."""

from datetime import datetime

import pyarrow as pa

from resources.platforms.google_ads_wire import OUR_STATUS, Rows
from resources.records import Account
from resources.tables.google_ads import CONVERSION_ACTIONS

CONVERSION_ACTION_FIELDS = tuple(
    f"conversion_action.{name}"
    for name in (
        "id", "name", "category", "status", "click_through_lookback_window_days", "view_through_lookback_window_days",
    )
)  # fmt: skip


def conversion_action_rows(account: Account, rows: Rows, pulled_at: datetime) -> pa.Table:
    """Conversion actions as rows of their table."""
    made = [
        {
            "account_id": account.account_id, "conversion_action_id": str(row["conversion_action.id"]),
            "name": row["conversion_action.name"], "category": row["conversion_action.category"],
            "status": OUR_STATUS.get(row["conversion_action.status"], "other"),
            "click_window_days": row["conversion_action.click_through_lookback_window_days"],
            "view_window_days": row["conversion_action.view_through_lookback_window_days"], "pulled_at": pulled_at,
        }
        for row in rows
    ]  # fmt: skip
    return pa.Table.from_pylist(made, schema=CONVERSION_ACTIONS.schema)
