"""HubSpot's deal pipelines: one for sales, one for a shop's orders."""

from collections.abc import Iterable
from typing import Any

from sandbox.customer_settings import STAGES
from sandbox.hubspot.objects import ORDERED, RETURNED

OPEN_SHARES = (0.2, 0.4, 0.6, 0.8, 0.9)


def pipelines(begun: str) -> Iterable[dict[str, Any]]:
    """The two deal pipelines with their stages."""

    def stage(number: int, name: str, label: str, share: float, *, is_closed: bool) -> dict[str, Any]:
        metadata = {"isClosed": str(is_closed).lower(), "probability": str(share)}
        return {
            "id": name,
            "label": label,
            "displayOrder": number,
            "metadata": metadata,
            "archived": False,
            "createdAt": begun,
            "updatedAt": begun,
        }

    sales = [stage(n, name, name, OPEN_SHARES[n], is_closed=False) for n, name in enumerate(STAGES)]
    sales += [
        stage(5, "closedwon", "Closed won", 1.0, is_closed=True),
        stage(6, "closedlost", "Closed lost", 0.0, is_closed=True),
    ]
    shop = [
        stage(0, ORDERED, "Checkout completed", 1.0, is_closed=True),
        stage(1, RETURNED, "Cancelled", 0.0, is_closed=True),
    ]
    for number, (name, label, stages) in enumerate(
        (("default", "Sales pipeline", sales), ("ecommerce", "Ecommerce pipeline", shop))
    ):
        yield {
            "id": name,
            "label": label,
            "displayOrder": number,
            "stages": stages,
            "archived": False,
            "createdAt": begun,
            "updatedAt": begun,
        }
