"""`crm` section of policy.yaml: definitions of lead, qualified lead and order, and the CRM fields that hold
them.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from resources.policy.crm_traits import OF_COMPANIES, OF_CONTACTS, TraitMapping, require_allowed

Model = Literal[
    "first", "last", "last_non_direct", "linear", "position_based", "time_decay", "markov", "data_driven"
]
MODELS: tuple[Model, ...] = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
    "markov",
    "data_driven",
)


class CrmMapping(BaseModel):
    """Mapping of CRM fields and values. Defaults are those of HubSpot and Salesforce."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lead_stages: tuple[str, ...] = ("lead", "marketingqualifiedlead")
    """HubSpot lifecycle stages from which on somebody is a lead; every qualified one counts as well."""
    qualified_stages: tuple[str, ...] = ("salesqualifiedlead", "opportunity")
    qualified_statuses: tuple[str, ...] = ("Qualified",)
    """The same for Salesforce: Lead.Status, besides leads that were converted."""
    order_pipelines: tuple[str, ...] = ("ecommerce",)
    """Deal pipelines that hold a shop's orders: won when they are made, and no pipeline."""
    order_types: tuple[str, ...] = ("Order",)
    """The same for Salesforce: Opportunity.Type."""
    refunded_stages: tuple[str, ...] = ("cancelled", "refunded")
    """Stages of an order whose money went back.

    A deal that was won and is lost again counts as refunded too.
    """
    amount_field: str = "amount"
    """Deal property that holds the amount (Salesforce: Amount)."""
    touch_url_property: str = "hs_analytics_last_url"
    """Contact property whose history has the landing pages with their parameters."""
    touch_source_property: str = "hs_latest_source"
    touch_url_field: str = "Landing_Page__c"
    """The same for Salesforce, on leads and contacts; one touch a record."""
    linkedin_lead_forms: bool = False
    """Whether LinkedIn is asked who filled in its forms, whose clicks no landing page tells of
    (r_marketing_leadgen_automation).
    """
    test_emails: tuple[str, ...] = ("*@example.com", "test*@*", "*+test*@*")
    """Addresses that are no customers. They are told apart at the door, and never counted."""
    phone_region: str | None = Field(None, pattern="^[A-Z]{2}$")
    """Country of telephone numbers without a prefix, such as DE."""
    queries: dict[Literal["contacts", "touches", "companies", "deals", "stages"], str] = {}
    """SQL per table, for CRM_SQL_URL; docs/crm.md lists the columns."""
    columns: dict[str, str] = {}
    """Names of columns in files and queries that are called otherwise, ours first: {contact_id:
    customer_number}.
    """
    traits: TraitMapping = TraitMapping()
    """Which fields tell what kind of customer somebody is."""
    overlap_minutes: float = Field(
        15, ge=0, description="So much before the last reading is read again: searches lag behind."
    )
    whole_every_days: float = Field(
        7, gt=0, description="How often everything is read, which alone finds what was erased for good."
    )
    window_days: int = Field(90, ge=1, le=730, description="How long before an outcome a touch still counts.")
    model: Model = "data_driven"
    qualify_within_days: int = Field(
        90, ge=14, le=365, description="A lead older than this will not qualify any more."
    )

    @field_validator("columns")
    @classmethod
    def _traits_are_allowed(cls, given: dict[str, str]) -> dict[str, str]:
        for ours in (*OF_CONTACTS, *OF_COMPANIES, "content", "search_topic"):
            if theirs := given.get(ours):
                require_allowed(theirs, ours)
        return given
