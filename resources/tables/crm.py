"""Raw tables of the CRM, without anything that names a person: hashed addresses and numbers, ids, instants,
amounts.
"""

from resources.lake.schema import COUNT, FLAG, INSTANT, MONEY, NUMBER, SHARE, TEXT, Column, Table
from resources.tables.common import PULLED_AT

SOURCE = Column("source", TEXT, "Where it was read: hubspot, salesforce, sql or files.")
CONTACT_ID = Column("contact_id", TEXT, "The person's record in the CRM.")


def _text(name: str, description: str) -> Column:
    return Column(name, TEXT, description, nullable=True)


def _at(name: str, description: str) -> Column:
    return Column(name, INSTANT, description, nullable=True)


CONTACTS = Table(
    layer="raw",
    name="crm_contacts",
    description=(
        "People in the CRM: when they became a lead and qualified. Addresses and numbers are hashed before"
        " they are written; names are not kept."
    ),
    columns=(
        SOURCE,
        CONTACT_ID,
        _text("company_id", "The company they work for, where the CRM says."),
        _text("email_sha256", "SHA-256 of the address, trimmed and in lower case (Meta, LinkedIn)."),
        _text("email_google_sha256", "The same by Google's rules, which drop dots of Gmail addresses."),
        _text("phone_sha256", "SHA-256 of the telephone number in E.164."),
        _text("phone_meta_sha256", "The same without the plus, as Meta wants it."),
        _text("country", "Country as the CRM has it."),
        _text("region", "Region or state within it."),
        _text("language", "Language, as the CRM has it."),
        _text("use_case", "What they want to do, from a form."),
        _text("pain", "What troubles them, from a form."),
        Column(
            "may_advertise", FLAG, "Agreed to advertising; empty where the CRM does not say.", nullable=True
        ),
        _text("stage", "Where the person stands now, in the CRM's own word."),
        _at("lead_at", "When they became a lead (UTC)."),
        _at("qualified_at", "When they became a qualified lead, by the policy (UTC)."),
        Column("is_test", FLAG, "Entered by people who tried a form; never counted."),
        _text("owner_id", "Whose contact it is."),
        _text("merged_ids", "Records that were merged into this one, separated by spaces."),
        _at("created_at", "When the record was made (UTC)."),
        _at("updated_at", "When it was last changed (UTC)."),
        PULLED_AT,
    ),
    key=("source", "contact_id"),
    keeps_history=True,
)
TOUCHES = Table(
    layer="raw",
    name="crm_touches",
    description=(
        "Visits that the CRM remembers of its people: by which platform, campaign and ad set they came."
    ),
    columns=(
        SOURCE,
        CONTACT_ID,
        Column("touch_at", INSTANT, "When it was (UTC)."),
        Column(
            "channel",
            TEXT,
            "google_ads, meta_ads, linkedin_ads, organic, direct, email, referral, social, other_paid or"
            " other.",
        ),
        _text("campaign_id", "The campaign, where the address was tagged."),
        _text("ad_set_id", "The ad set, likewise."),
        _text("click_id_kind", "gclid, gbraid, wbraid, fbclid or li_fat_id."),
        _text("click_id", "The platform's own id of that click."),
        _text("content", "What the page was about: the first part of its address."),
        _text("search_topic", "Topic of the search that led there, where the address was tagged with it."),
        PULLED_AT,
    ),
    key=("source", "contact_id", "touch_at", "channel"),
    keeps_history=True,
)
COMPANIES = Table(
    layer="raw",
    name="crm_companies",
    description="Companies in the CRM: industry, size and country.",
    columns=(
        SOURCE,
        Column("company_id", TEXT, "The company's record in the CRM."),
        _text("industry", "Industry in the CRM's own word."),
        Column("employees", COUNT, "How many people work there.", nullable=True),
        _text("country", "Country as the CRM has it."),
        _text("account_tier", "Its tier, in the CRM's own word."),
        _text("technology", "What it uses, in the CRM's own word; the first where it lists several."),
        _at("created_at", "When the record was made (UTC)."),
        _at("updated_at", "When it was last changed (UTC)."),
        PULLED_AT,
    ),
    key=("source", "company_id"),
    keeps_history=True,
)
DEALS = Table(
    layer="raw",
    name="crm_deals",
    description="Deals and orders in the CRM: stage, amount and whose they are.",
    columns=(
        SOURCE,
        Column("deal_id", TEXT, "The deal's or order's record in the CRM."),
        _text("contact_id", "The person it belongs to."),
        _text("company_id", "The company it belongs to."),
        _text("pipeline", "The pipeline it runs in."),
        _text("stage", "Where it stands now."),
        Column("amount", MONEY, "Amount in `currency`.", nullable=True),
        _text("currency", "Currency of the amount, ISO 4217."),
        Column("is_order", FLAG, "An order of a shop, not a deal that is worked on."),
        Column("is_closed", FLAG, "Won or lost."),
        Column("is_won", FLAG, "Won."),
        Column("is_refunded", FLAG, "Won once, and the money went back."),
        _text("owner_id", "Who works on it."),
        _at("created_at", "When it was opened (UTC)."),
        _at("closed_at", "When it was won or lost (UTC)."),
        _at("updated_at", "When it was last changed (UTC)."),
        PULLED_AT,
    ),
    key=("source", "deal_id"),
    keeps_history=True,
)
DEAL_STAGES = Table(
    layer="raw",
    name="crm_deal_stages",
    description="When each deal entered each of its stages.",
    columns=(
        SOURCE,
        Column("deal_id", TEXT, "The deal's record in the CRM."),
        Column("stage", TEXT, "The stage."),
        Column("entered_at", INSTANT, "When it was entered (UTC)."),
        PULLED_AT,
    ),
    key=("source", "deal_id", "stage", "entered_at"),
    keeps_history=True,
)
STAGES = Table(
    layer="raw",
    name="crm_stages",
    description="The stages of each pipeline in their order, with the CRM's own chance to win.",
    columns=(
        SOURCE,
        Column("pipeline", TEXT, "The pipeline."),
        Column("stage", TEXT, "The stage."),
        _text("label", "What people call it."),
        Column("position", COUNT, "Its place in the pipeline, from 0."),
        Column("win_share", SHARE, "The chance to win that somebody entered in the CRM.", nullable=True),
        Column("is_closed", FLAG, "Deals end here."),
        PULLED_AT,
    ),
    key=("source", "pipeline", "stage"),
    keeps_history=True,
)
OWNERS = Table(
    layer="raw",
    name="crm_owners",
    description="Ids of the people who work in the CRM; no names.",
    columns=(
        SOURCE,
        Column("owner_id", TEXT, "Their id."),
        Column("is_active", FLAG, "Still there."),
        PULLED_AT,
    ),
    key=("source", "owner_id"),
    keeps_history=True,
)
CRM_PULLS = Table(
    layer="raw",
    name="crm_pulls",
    description="Every reading of the CRM: since when, how much was new, and the calls it took.",
    columns=(
        SOURCE,
        Column("pulled_at", INSTANT, "When it was read (UTC)."),
        _at("since", "Changes from then on were asked for; empty where everything was read."),
        Column("is_whole", FLAG, "Everything was read."),
        Column("rows", COUNT, "Records read."),
        Column("changed", COUNT, "Rows that were new or different."),
        Column("merged", COUNT, "Records found merged into others."),
        Column("deleted", COUNT, "Records found deleted."),
        Column("calls", COUNT, "Calls made."),
        Column("seconds", NUMBER, "How long it took."),
        _text(
            "mapping",
            "Fingerprint of what policy.yaml says of the CRM's fields; another one reads everything again.",
        ),
        _text("left_out", "Traits that were left empty because they are free text, separated by spaces."),
    ),
    key=("source", "pulled_at"),
    keeps_history=True,
)
READ = {
    t.name.removeprefix("crm_"): t for t in (CONTACTS, TOUCHES, COMPANIES, DEALS, DEAL_STAGES, STAGES, OWNERS)
}
"""What a reading of a CRM fills, by the name it has there."""
