"""HubSpot's official client lists every contact, company and deal, and the owners."""

import json
import os

from hubspot import HubSpot  # type: ignore[import-not-found]

client = HubSpot(access_token=os.environ["HUBSPOT_ACCESS_TOKEN"], host=os.environ["HUBSPOT_API_URL"])
deals = client.crm.deals.get_all(properties=["amount", "dealstage"])
print(  # noqa: T201 — read by the runner
    json.dumps(
        {
            "contacts": len(client.crm.contacts.get_all(properties=["email", "country"])),
            "companies": len(client.crm.companies.get_all()),
            "deals": len(deals),
            "amount_cents": sum(round(float(deal.properties["amount"] or 0) * 100) for deal in deals),
            "owners": sorted(owner.id for owner in client.crm.owners.get_all()),
        }
    )
)
