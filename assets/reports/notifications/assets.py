"""reports/messages: notifications of the last day, as the Dagster UI shows them.

The sensor `notices` reports it every morning.
"""

import dagster as dg

messages = dg.AssetSpec(
    ["reports", "messages"],
    group_name="reports",
    kinds={"sqlalchemy"},
    owners=["team:media"],
    description=(
        "What people were told by chat and mail in the last day, what waits, and what could not be delivered"
        " and why."
    ),
)
