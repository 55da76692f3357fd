"""Traits over Salesforce's wire: standard fields by themselves, an organisation's own by the mapping, and
a field that is not there says where to look.
"""

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest

from resources.crm.reader import CrmReading
from resources.crm.salesforce import Salesforce
from resources.errors import PlatformRefused
from resources.policy.crm import CrmMapping
from resources.policy.crm_traits import TraitMapping
from sandbox.world import load_world
from tests.crm.ground import HASTY, Ground, ground, small_world
from tests.crm.truth import holdings

OWN = {
    "language": "Language__c",
    "use_case": "Use_Case__c",
    "pain": "Pain__c",
    "consent": "Consent__c",
    "account_tier": "Tier__c",
    "technology": "Technology__c",
}


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The demo's segments in Salesforce, with the people of a few days."""
    world = small_world(
        kind="salesforce",
        begins=date(2026, 11, 14),
        segments=load_world("kind").crm.segments,
        consent_share=0.7,
        unsubscribe_share=0.5,
        unsubscribe_days=2.0,
    )
    with ground(tmp_path_factory.mktemp("salesforce_traits"), world) as running:
        yield running


def read(running: Ground, fields: dict[str, str]) -> CrmReading:
    mapping = CrmMapping(traits=TraitMapping.model_validate({"fields": fields}))
    return Salesforce(running.settings.salesforce, mapping, back_off=HASTY).read(
        None, now=running.stage.clock.now
    )


def test_standard_fields_are_read_and_no_others_asked_for(peopled: Ground) -> None:
    rows = pd.DataFrame(read(peopled, {}).rows["contacts"])
    assert set(rows["country"].dropna()) == {"DE", "US", "GB", "FR"}
    assert rows["region"].notna().any()
    assert rows[["language", "use_case", "pain", "may_advertise"]].isna().all(axis=None)


def test_an_organisations_own_fields_are_read_where_they_are_named(peopled: Ground) -> None:
    held, reading = holdings(peopled.stage), read(peopled, OWN)
    traits, f = held.books.traits, held.books.funnel
    rows = pd.DataFrame(reading.rows["contacts"])
    seen = held.contacts.seen(held.now) & ~held.contacts.is_second
    people = held.contacts.row[seen]
    for name in ("language", "use_case", "pain"):
        wanted = pd.Series([traits.of_person(name, int(row)) for row in people]).value_counts()
        assert rows[name].value_counts().sub(wanted).abs().max() <= (f.merged_at[people] > held.now).sum()
    left = traits.unsubscribed_at[people] <= held.now
    assert left.any()
    assert (
        abs(rows["may_advertise"].sum() - (traits.agreed[people] & ~left).sum())
        <= (f.merged_at[people] > held.now).sum()
    )
    companies = pd.DataFrame(reading.rows["companies"]).sort_values("company_id")
    numbers = range(len(companies))
    for name in ("industry", "account_tier", "technology"):
        assert companies[name].fillna("").tolist() == [traits.of_company(name, n) or "" for n in numbers]
    assert companies["employees"].fillna(0).tolist() == [traits.employees(n) or 0 for n in numbers]


def test_a_field_that_the_organisation_does_not_have_says_where_to_look(peopled: Ground) -> None:
    with pytest.raises(PlatformRefused, match=r"Reading Lead: .* fields that docs/crm\.md lists"):
        read(peopled, {"use_case": "Goal__c"})
