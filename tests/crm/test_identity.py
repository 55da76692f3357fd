"""Addresses and numbers: the forms that platforms hash, equal however people typed them, and nothing raw
in what is said.
"""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.security.pii_hashing import Identity, identity, is_like, normal_email, normal_phone
from resources.security.redaction import without_people


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_each_platform_gets_its_own_form() -> None:
    identifiers = identity(" Ada.Love+shop@GMail.com ", "030 1234567", region="DE")
    assert identifiers == Identity(
        email_sha256=sha("ada.love+shop@gmail.com"),
        email_google_sha256=sha("adalove@gmail.com"),
        phone_sha256=sha("+49301234567"),
        phone_meta_sha256=sha("49301234567"),
    )


@pytest.mark.parametrize("email", [None, "", "nobody", "a@b", "two@at@signs.example", "a b@c.example"])
def test_what_is_no_address_has_no_hash(email: str | None) -> None:
    assert identity(email, None) == Identity()


@pytest.mark.parametrize(
    ("given_", "normal"),
    [
        ("+49 (30) 123-4567", "+49301234567"),
        ("0049 30 1234567", None),
        ("12", None),
        ("call me", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers_without_a_country_are_none(given_: str | None, normal: str | None) -> None:
    assert normal_phone(given_) == normal


@given(st.emails())
def test_case_and_blanks_do_not_make_another_person(email: str) -> None:
    if normal_email(email):
        assert identity(email, None) == identity(f"  {email.upper().lower()} ", None)


@pytest.mark.parametrize(
    "text", ["Contact ada@shop.example exists", "call +49 30 123 45 67 now", "(030) 1234567"]
)
def test_what_is_said_holds_no_address_and_no_number(text: str) -> None:
    shown = without_people(text)
    assert "@" not in shown
    assert not any(letter.isdigit() for letter in shown)


def test_patterns_tell_tests_apart() -> None:
    assert is_like("Test+1@Example.com", ["*@example.com"])
    assert is_like("test1@shop.de", ["test*@*"])
    assert not is_like("ada@shop.de", ["*@example.com", "test*@*"])
