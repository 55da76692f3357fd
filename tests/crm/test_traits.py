"""What kind of customer somebody is: only categories pass, protected and naming fields cannot be mapped,
and no means no.
"""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from resources.crm.free_text_filter import leave_out_free_text
from resources.crm.incremental_load import next_since, read_and_keep
from resources.crm.interests import interests
from resources.crm.reader import CrmReading
from resources.crm.tabular import Files
from resources.lake.lake import Lake
from resources.policy.crm import CrmMapping
from resources.policy.crm_traits import HUBSPOT, SALESFORCE, TraitMapping, Traits, agreed, category
from resources.tables.crm import COMPANIES, CONTACTS, TOUCHES
from tests.crm.ground import NOW

PLAIN = TraitMapping()


@pytest.mark.parametrize(
    "field",
    [
        "gender",
        "Religion__c",
        "date_of_birth",
        "hs_Ethnicity",
        "customerAge",
        "healthCondition",
        "political-party",
        "sexual_orientation",
        "DATE OF BIRTH",
    ],
)
def test_a_field_about_what_the_law_protects_cannot_be_mapped(field: str) -> None:
    with pytest.raises(
        ValidationError, match=r"the field '.*' for use_case is about '.*', which no segment may rest on"
    ):
        CrmMapping.model_validate({"traits": {"properties": {"use_case": field}}})
    with pytest.raises(ValidationError, match="which no segment may rest on"):
        CrmMapping(columns={"region": field})


@pytest.mark.parametrize(
    "field", ["firstname", "Full_Name__c", "email", "MobilePhone", "notes", "street_address"]
)
def test_a_field_that_holds_who_somebody_is_cannot_be_mapped(field: str) -> None:
    with pytest.raises(ValidationError, match="holds who somebody is or free text"):
        CrmMapping.model_validate({"traits": {"fields": {"pain": field}}})


@pytest.mark.parametrize("field", ["usage", "language", "package", "storage_plan", "stage", "hs_persona"])
def test_a_field_that_only_sounds_like_one_can(field: str) -> None:
    assert Traits(use_case=field).use_case == field


def test_naming_one_field_leaves_the_others_as_they_are() -> None:
    mapping = TraitMapping.model_validate(
        {"properties": {"pain": "trouble"}, "fields": {"language": "Language__c"}}
    )
    assert mapping.properties == HUBSPOT.model_copy(update={"pain": "trouble"})
    assert mapping.fields == SALESFORCE.model_copy(update={"language": "Language__c"})
    assert TraitMapping().properties == HUBSPOT


@pytest.mark.parametrize(
    ("value", "category_text"),
    [
        ("  run a   small office ", "run a small office"),
        ("SHOPIFY;WORDPRESS", "SHOPIFY"),
        (3, "3"),
        (None, None),
        ("", None),
        (" ; ", None),
        ("call ada@shop.de", None),
        ("ring +49 30 1234567", None),
        ("x" * 61, None),
        ("@ada", None),
        ("x" * 60, "x" * 60),
    ],
)
def test_only_short_words_that_name_nobody_are_categories(value: object, category_text: str | None) -> None:
    assert category(value) == category_text


@pytest.mark.parametrize(
    ("consent", "opted_out", "may_advertise"),
    [
        ("Freely given consent from contact", None, True),
        ("Not applicable;Freely given consent from contact", "false", True),
        ("Legitimate interest – existing customer", None, False),
        (True, None, True),
        (False, None, False),
        ("", None, None),
        (None, "", None),
        (None, "true", False),
        ("Freely given consent from contact", "true", False),
        ("true", True, False),
    ],
)
def test_an_opt_out_is_no_and_silence_is_not_consent(
    consent: object, opted_out: object, may_advertise: bool | None
) -> None:
    assert agreed(consent, opted_out, PLAIN.consent_values) is may_advertise


@pytest.mark.parametrize(
    ("url", "content", "topic"),
    [
        ("https://s.de/office-chairs?utm_term=office+chair", "office chairs", "office chair"),
        ("https://s.de/Payroll.html", "payroll", None),
        ("https://s.de/blog/ada-lovelace-at-home?utm_term=120200000000100001", "blog", None),
        ("https://s.de/", None, None),
        ("https://s.de/ada@shop.de?utm_term=ada@shop.de", None, None),
        ("https://s.de/4a7f-9921?utm_term=urn:li:sponsoredCampaign:1", None, None),
        ("https://s.de/0301234567", None, None),
        ("https://[broken", None, None),
        (None, None, None),
    ],
)
def test_a_page_tells_what_was_looked_at_and_searched_for(
    url: str | None, content: str | None, topic: str | None
) -> None:
    assert interests(url, PLAIN) == {"content": content, "search_topic": topic}


def test_a_search_becomes_the_topic_of_its_words() -> None:
    mapping = TraitMapping(search_topics={"payroll": ("payroll", "payslip"), "chairs": ("chair",)})
    topics = {"best+payslip+software": "payroll", "Office+Chair+cheap": "chairs", "weather": None}
    for term, topic in topics.items():
        assert interests(f"https://s.de/?utm_term={term}", mapping)["search_topic"] == topic


@given(st.text(max_size=80))
def test_no_address_breaks_it_or_gets_through(text: str) -> None:
    for topics in interests(f"https://s.de/{text}?utm_term={text} ada@shop.de", PLAIN).values():
        assert topics is None or ("@" not in topics and len(topics) <= 60)


def traits_left_out(
    folder: Path, lake: Lake, mapping: CrmMapping | None = None, **tables: pd.DataFrame
) -> list[str]:
    """Reads files of these tables into the lake; the traits that were left out."""
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    mapping = mapping or CrmMapping()
    loaded = read_and_keep(lake, Files(folder, mapping), mapping, now=lambda: NOW)
    return [trait_left_out.trait for trait_left_out in loaded.left_out]


def test_a_field_with_another_value_for_everybody_is_free_text_and_left_out(
    tmp_path: Path, lake: Lake
) -> None:
    who = [f"Somebody Number{n}" for n in range(40)]
    people = pd.DataFrame(
        {"contact_id": range(40), "use_case": who, "pain": ["slow", "dear"] * 20, "region": "Hesse"}
    )
    assert traits_left_out(tmp_path / "crm", lake, contacts=people) == ["contacts.use_case"]
    contacts = lake.read(CONTACTS)
    assert contacts["use_case"].isna().all()
    assert set(contacts["pain"]) == {"slow", "dear"}
    assert set(contacts["region"]) == {"Hesse"}


def test_a_trait_with_more_values_than_the_policy_lets_pass_is_left_out(tmp_path: Path, lake: Lake) -> None:
    people = pd.DataFrame({"contact_id": range(90), "language": [f"l{n % 15}" for n in range(90)]})
    few = CrmMapping(traits=TraitMapping(most_values=14))
    assert traits_left_out(tmp_path / "crm", lake, few, contacts=people) == ["contacts.language"]
    assert traits_left_out(tmp_path / "crm", Lake(tmp_path / "other"), contacts=people) == []


def test_files_tell_traits_consent_and_companies(tmp_path: Path, lake: Lake) -> None:
    mapping = CrmMapping(columns={"consent": "newsletter", "use_case": "job_to_do"})
    people = pd.DataFrame(
        {
            "contact_id": [1, 2, 3],
            "company_id": ["c1", None, None],
            "job_to_do": ["home", "office", None],
            "newsletter": ["yes", "no", None],
            "language": "de",
        }
    )
    companies = pd.DataFrame(
        {
            "company_id": ["c1"],
            "industry": ["Retail"],
            "employees": ["12"],
            "account_tier": ["gold"],
            "country": ["DE"],
        }
    )
    touches = pd.DataFrame(
        {"contact_id": [1], "touch_at": ["2026-11-01"], "url": ["https://s.de/garden-tools"]}
    )
    assert (
        traits_left_out(
            tmp_path / "crm", lake, mapping, contacts=people, companies=companies, touches=touches
        )
        == []
    )
    contacts = lake.read(CONTACTS).sort_values("contact_id")
    assert contacts["use_case"].fillna("").tolist() == ["home", "office", ""]
    assert [None if pd.isna(consent) else bool(consent) for consent in contacts["may_advertise"]] == [
        True,
        False,
        None,
    ]
    (company,) = lake.read(COMPANIES).to_dict("records")
    assert (company["industry"], company["employees"], company["account_tier"]) == ("Retail", 12, "gold")
    assert lake.read(TOUCHES)["content"].tolist() == ["garden tools"]


def read_changes(lake: Lake, reading: CrmReading, *, use_cases: list[str]) -> list[str]:
    """A reading of changes that tells these use cases; what it left out."""
    rows = [
        {"contact_id": f"new {n}", "use_case": use_case, "pain": None} for n, use_case in enumerate(use_cases)
    ]
    changes = CrmReading(reading.source, NOW + timedelta(hours=1), NOW, rows={"contacts": rows})
    left_out = [left.trait for left in leave_out_free_text(changes, lake, most=100)]
    assert left_out == [] or all(row["use_case"] is None for row in rows)
    return left_out


def test_a_reading_of_changes_keeps_no_trait_that_nobody_looked_through(tmp_path: Path, lake: Lake) -> None:
    words = ["home", "office"] * 20
    people = pd.DataFrame({"contact_id": range(40), "use_case": words})
    named = people.assign(use_case=[f"Somebody Number{n}" for n in range(40)])
    assert traits_left_out(tmp_path / "named", lake, contacts=named) == ["contacts.use_case"]
    source = CrmReading("files", NOW, None)
    assert read_changes(lake, source, use_cases=["Ada Lovelace", "Grace Hopper"]) == ["contacts.use_case"]
    plain = Lake(tmp_path / "plain")
    assert traits_left_out(tmp_path / "fine", plain, contacts=people) == []
    assert read_changes(plain, source, use_cases=["home", "garden"]) == []
    assert read_changes(Lake(tmp_path / "empty"), source, use_cases=["home"]) == ["contacts.use_case"]


def test_another_mapping_reads_everything_again(tmp_path: Path, lake: Lake) -> None:
    people = pd.DataFrame({"contact_id": [1], "goal": ["home"]})
    assert traits_left_out(tmp_path / "crm", lake, contacts=people) == []
    later = NOW + timedelta(hours=1)
    assert next_since(lake, "files", CrmMapping(), now=later) is not None
    assert next_since(lake, "files", CrmMapping(model="linear"), now=later) is not None
    assert next_since(lake, "files", CrmMapping(columns={"use_case": "goal"}), now=later) is None
