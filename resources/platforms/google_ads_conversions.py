"""Google's conversion actions and its change history: what counts as a conversion, for how long, and when that was changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from resources.platforms.google_ads_wire import OUR_STATUS, Rows
from resources.records import Account, ChangedPast
from resources.tables.google_ads import CONVERSION_ACTIONS

CONVERSION_ACTION_FIELDS = tuple(
    f"conversion_action.{name}"
    for name in (
        "id", "name", "category", "status", "click_through_lookback_window_days", "view_through_lookback_window_days",
    )
)  # fmt: skip
CHANGE_FIELDS = tuple(
    f"change_event.{name}" for name in ("change_date_time", "change_resource_type", "change_resource_name")
)


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


def changes_query(began: datetime) -> str:
    """The query for changes since then, in the account's own time: Google asks for a range and a limit."""
    return (
        f"SELECT {', '.join(CHANGE_FIELDS)} FROM change_event "
        f"WHERE change_event.change_date_time >= '{began:%Y-%m-%d %H:%M:%S}' "
        f"AND change_event.change_date_time <= '{began + timedelta(days=30):%Y-%m-%d %H:%M:%S}' "
        "AND change_event.change_resource_type = 'CONVERSION_ACTION' "
        "ORDER BY change_event.change_date_time LIMIT 10000"
    )


def changed_pasts(rows: Rows, *, zone: ZoneInfo, since: datetime) -> list[ChangedPast]:
    """Changes of what counts as a conversion, oldest first."""
    found = []
    for row in rows:
        at = datetime.fromisoformat(row["change_event.change_date_time"]).replace(tzinfo=zone).astimezone(UTC)
        own = row["change_event.change_resource_name"].rsplit("/", 1)[-1]
        found.append(ChangedPast(at, f"conversion action {own} was changed"))
    return sorted((change for change in found if change.at > since), key=lambda change: change.at)
