"""reports/messages: what people were told, as the Dagster UI shows it. The sensor `notices` reports it every morning."""

import dagster as dg

messages = dg.AssetSpec(
    ["reports", "messages"],
    group_name="reports",
    kinds={"sqlalchemy"},
    owners=["team:media"],
    description="What people were told by chat and mail in the last day, what waits, and what could not be delivered and why.",
)
