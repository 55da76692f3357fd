"""Customer traits from CRM fields: only categories are kept, never text that may identify a person.

Three filters apply. Fields with legally protected traits, names or addresses cannot be mapped. A value that
is long, or contains an address or a number, is dropped. A trait with more distinct values than a category has
is free text and is dropped as a whole. Dropped values are counted.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from resources.security.redaction import without_people

LONGEST = 60
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
PROTECTED = frozenset(
    {
        "gender", "sex", "sexual", "orientation", "race", "racial", "ethnicity", "ethnic", "origin", "religion", "religious", "belief", "faith",
        "politics", "political", "party", "union", "health", "medical", "diagnosis", "disability", "pregnant", "pregnancy", "genetic", "biometric",
        "age", "birth", "birthday", "birthdate", "dob", "dateofbirth", "nationality", "citizenship", "marital", "veteran", "criminal",
    }
)  # fmt: skip
"""Words in the name of a field that no segment may rest on (special categories of the GDPR, and what
anti-discrimination law names).
"""
NAMING = frozenset(
    {
        "name", "firstname", "lastname", "fullname", "surname", "email", "mail", "phone", "mobile", "fax", "street", "address", "zip", "postcode",
        "note", "notes", "comment", "comments", "message", "description", "twitter", "linkedin", "ssn", "iban",
    }
)  # fmt: skip
"""Words in the name of a field that holds who somebody is, or free text."""


def require_allowed(theirs: str, trait: str, *, naming: bool = True) -> None:
    """Check that a field of that name may hold a trait.

    Raises:
        ValueError: It is protected, or holds who somebody is.
    """
    words = {word.lower() for word in _WORD.findall(theirs)} | {re.sub(r"[^a-z]", "", theirs.lower())}
    if refused := sorted(words & PROTECTED):
        raise ValueError(
            f"the field '{theirs}' for {trait} is about '{refused[0]}', which no segment may rest on: take it"
            " out of crm"
        )
    if naming and (refused := sorted(words & NAMING)):
        raise ValueError(
            f"the field '{theirs}' for {trait} ('{refused[0]}') holds who somebody is or free text: map a"
            " field with categories"
        )


class Traits(BaseModel):
    """CRM fields by trait; empty where the CRM has none.

    Traits are single categories: of a list, the first value counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str | None = None
    region: str | None = None
    language: str | None = None
    use_case: str | None = None
    pain: str | None = None
    consent: str | None = None
    """Whether they agreed to advertising, see `consent_values`."""
    opted_out: str | None = None
    """Whether they took it back; only read beside `consent`."""
    industry: str | None = None
    account_tier: str | None = None
    technology: str | None = None

    @model_validator(mode="after")
    def _are_allowed(self) -> Self:
        for trait, theirs in self:
            if theirs:
                require_allowed(theirs, trait, naming=trait not in {"consent", "opted_out"})
        return self


HUBSPOT = Traits(
    country="country", region="state", language="hs_language", use_case="use_case", pain="pain_point",
    consent="hs_legal_basis", opted_out="hs_email_optout", industry="industry", account_tier="hs_ideal_customer_profile", technology="web_technologies",
)  # fmt: skip
"""Standard properties but for `use_case` and `pain_point`.

HubSpot answers nothing for a property that it does not have.
"""
SALESFORCE = Traits(opted_out="HasOptedOutOfEmail", industry="Industry")
"""Country and state are read from the standard address.

Salesforce refuses a query for a field that it does not have: map your own.
"""


class TraitMapping(BaseModel):
    """Part of `crm` in policy.yaml that maps CRM fields to customer traits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    properties: Traits = HUBSPOT
    """HubSpot's, by trait. Those that are not named keep their default."""
    fields: Traits = SALESFORCE
    """The same for Salesforce."""
    consent_values: tuple[str, ...] = ("Freely given consent from contact", "true", "yes", "1")
    """Values of the consent field that mean yes, case aside; every other one means no, and an empty one that
    nobody knows.
    """
    search_topics: dict[str, tuple[str, ...]] = {}
    """Topics of searches with the words that tell them, first match wins: {payroll: [payroll, payslip]}.

    Without, `utm_term` is the topic.
    """
    most_values: int = Field(
        100, ge=2, le=1_000, description="A trait with more different values is free text and left out."
    )

    @model_validator(mode="before")
    @classmethod
    def _keep_defaults(cls, given: Any) -> Any:
        """Mapping one field keeps the defaults of the others."""
        if not isinstance(given, dict):
            return given
        whole = dict(given)
        for name, usual in (("properties", HUBSPOT), ("fields", SALESFORCE)):
            if isinstance(given.get(name), dict):
                whole[name] = usual.model_dump() | given[name]
        return whole


def category(value: Any) -> str | None:
    """The value as a category; None if empty, too long or identifying a person. Of a list, the first value."""
    text = " ".join(str(value if value is not None else "").split(";")[0].split())
    if not text or len(text) > LONGEST or without_people(text) != text or "@" in text:
        return None
    return text


def agreed(consent: Any, opted_out: Any, yes: Iterable[str]) -> bool | None:
    """Consent to advertising: False after an opt-out, None where it is not recorded."""
    if _is_yes(opted_out, ("true", "yes", "1")):
        return False
    given = [part.strip() for part in str(consent if consent is not None else "").split(";") if part.strip()]
    return any(_is_yes(part, yes) for part in given) if given else None


def contact_traits(held: Mapping[str, Any], names: Traits, mapping: TraitMapping) -> dict[str, Any]:
    """Trait columns of raw/crm_contacts, without `country`."""
    categories = {trait: category(_of(held, getattr(names, trait))) for trait in OF_CONTACTS}
    opted_out = _of(held, names.opted_out) if names.consent else None
    return categories | {"may_advertise": agreed(_of(held, names.consent), opted_out, mapping.consent_values)}


def company_traits(held: Mapping[str, Any], names: Traits) -> dict[str, str | None]:
    """Trait columns of raw/crm_companies."""
    return {trait: category(_of(held, getattr(names, trait))) for trait in OF_COMPANIES}


OF_CONTACTS = ("country", "region", "language", "use_case", "pain")
OF_COMPANIES = ("industry", "account_tier", "technology")


def asked_of_contacts(names: Traits) -> list[str]:
    """Contact fields to request for traits."""
    fields = [getattr(names, trait) for trait in OF_CONTACTS]
    return [name for name in (*fields, *((names.consent, names.opted_out) if names.consent else ())) if name]


def asked_of_companies(names: Traits) -> list[str]:
    """Company fields to request for traits."""
    return [name for trait in OF_COMPANIES if (name := getattr(names, trait))]


def _of(held: Mapping[str, Any], name: str | None) -> Any:
    return held.get(name) if name else None


def _is_yes(value: Any, yes: Iterable[str]) -> bool:
    return str(value).strip().lower() in {word.lower() for word in yes}
