"""Names of segments: what a rule says, in the words a marketer would use."""

import pytest

from assets.segments.discovery.naming import LONGEST, name, names
from assets.segments.discovery.rule_parser import parse
from assets.segments.discovery.traits import FLAG, NUMBER, TEXT, Trait
from assets.segments.features.iso_codes import country_name, language_name

TEXTS = ("country", "region", "language", "industry", "company_size", "technology", "first_channel", "use_case", "search_topic")  # fmt: skip
TRAITS = {trait: Trait(trait, TEXT) for trait in TEXTS}
TRAITS |= {trait: Trait(trait, NUMBER) for trait in ("orders", "recency_days", "expected_value", "visits")}
TRAITS["may_call"] = Trait("may_call", FLAG)


@pytest.mark.parametrize(
    ("expression", "title"),
    [
        ('country == "DE" and company_size in ("250-999", "1000+") and technology == "Snowflake"', "Large German companies on Snowflake"),
        ('company_size == "10-49" and industry == "COMPUTER_SOFTWARE"', "Small computer software companies"),
        ('orders >= 2 and country in ("DE", "AT")', "Austrian and German repeat buyers"),
        ('orders >= 2 and company_size == "1-9"', "Repeat buyers at very small companies"),
        ('country in ("DE", "FR", "GB", "NL")', "Customers in Germany, France, United Kingdom and 1 more"),
        ('country not in ("DE", "US")', "Customers outside Germany and United States"),
        ('first_channel == "linkedin_ads" and search_topic == "payroll"', "Customers from Linkedin Ads searching for payroll"),
        ('first_channel == "organic"', "Customers from organic search"),
        ('language == "en" and use_case == "gift"', "Customers speaking English with use case gift"),
        ("orders >= 1 and orders < 2", "Customers with 1 or more orders with under 2 orders"),
        ("orders < 1", "Leads without an order"),
        ("recency_days >= 90", "Customers not seen for 90 days"),
        ("expected_value >= 1500", "Customers worth 1,500 or more a year"),
        ("visits >= 5 and may_call", "Customers with 5 or more visits with may call"),
        ("country is None", "Customers of unknown country"),
        ('technology == "SAP" and (country == "DE" or country == "CH")', "German companies on SAP, or swiss companies on SAP"),
        ('use_case == "gift" and (region == "Berlin" or region == "Hamburg" or visits >= 9 and orders >= 2)', "Customers with use case gift, 3 profiles"),
    ],
)  # fmt: skip
def test_a_name_says_who_is_meant(expression: str, title: str) -> None:
    assert name(parse(expression, TRAITS)).lower() == title.lower()


def test_a_nationality_keeps_its_capital_and_no_name_says_parted() -> None:
    rule = parse('technology == "SAP" and (country == "DE" or country == "CH")', TRAITS)
    assert name(rule) == "German companies on SAP, or Swiss companies on SAP"
    assert "parted" not in name(rule)
    assert len(name(rule)) <= LONGEST


def test_equal_names_are_told_apart_and_ids_are_unique() -> None:
    rules = [parse(f'country == "DE" and visits >= {n} and visits < {n}.5', TRAITS) for n in (3, 3, 4)]
    pairs = names(rules)
    assert len({segment_id for segment_id, _ in pairs}) == 3
    assert pairs[0][1] != pairs[2][1]


def test_codes_have_names_and_other_words_stay() -> None:
    assert (country_name("GB"), country_name("Ruritania")) == ("United Kingdom", "Ruritania")
    assert (language_name("de"), language_name("tlh")) == ("German", "tlh")
