"""Whom an audience may hold: by consent, by each platform's published rules of hashing, and never by a shared
identifier of somebody else.
"""

from hashlib import sha256

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.actions.consent.membership import Consent, consent, due, membership
from assets.core.crm.people import people
from resources.ledger.audiences import AudienceMembership, Member, MembershipState
from resources.security.pii_hashing import identity
from resources.tables.crm import CONTACTS
from tests.audiences.people_of import expected, person_id, record

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


def contacts(*records: dict) -> pd.DataFrame:
    frame = pd.DataFrame([dict.fromkeys(CONTACTS.schema.names) | one for one in records])
    return people(frame.reindex(columns=CONTACTS.schema.names)).contacts


def sent(frame: pd.DataFrame, customers: list[str], platform: str) -> set[str]:
    found = membership(customers, frame, consent(frame), platform=platform)
    return {f"{one.kind}:{one.sha256}" for one in found.members}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_hashes_are_those_of_the_platforms_published_rules(platform: str) -> None:
    frame = contacts(*(record(n) for n in range(12)))
    assert sent(frame, [person_id(n) for n in range(12)], platform) == expected(platform, range(12))


def test_published_examples_of_normalising() -> None:
    """Google: no dots and no plus part at gmail.com.

    Meta: digits with the country's prefix. LinkedIn: trimmed and in lower case.
    """
    who = identity("  Jane.Doe+Shopping@GoogleMail.com ", "+1 (650) 555-0123")
    assert who.email_google_sha256 == sha256(b"janedoe@googlemail.com").hexdigest()
    assert who.email_sha256 == sha256(b"jane.doe+shopping@googlemail.com").hexdigest()
    assert who.phone_sha256 == sha256(b"+16505550123").hexdigest()
    assert who.phone_meta_sha256 == sha256(b"16505550123").hexdigest()


def test_no_answer_is_no() -> None:
    frame = contacts(record(0, True), record(1, None), record(2, False), record(3, True))
    wanted = [person_id(n) for n in range(5)]
    found = membership(wanted, frame, consent(frame), platform="meta_ads")
    assert {one.person for one in found.members} == {person_id(0), person_id(3)}
    assert (found.people, found.without_consent, found.without_identifier) == (2, 3, 0)


def test_without_the_column_nobody_has_agreed() -> None:
    frame = contacts(record(0), record(1)).drop(columns="may_advertise")
    assert consent(frame).agreed == frozenset()
    assert sent(frame, [person_id(0)], "meta_ads") == set()


def test_of_several_records_one_no_is_a_no_and_one_yes_is_enough_otherwise() -> None:
    yes, no, silent = record(0, True), record(0, False, contact_id="0b"), record(0, None, contact_id="0c")
    assert sent(contacts(yes, silent), [person_id(0)], "meta_ads") == expected("meta_ads", [0])
    assert sent(contacts(yes, no), [person_id(0)], "meta_ads") == set()


@pytest.mark.parametrize("other", [False, None])
def test_an_identifier_that_somebody_else_has_too_who_did_not_agree_is_left_out(other: bool | None) -> None:
    shared = record(0)["phone_meta_sha256"]
    frame = contacts(record(0), record(1, other, phone_meta_sha256=shared))
    assert sent(frame, [person_id(0), person_id(1)], "meta_ads") == {
        one for one in expected("meta_ads", [0]) if one.startswith("email:")
    }


def test_people_without_an_identifier_are_counted() -> None:
    bare = dict.fromkeys(("email_sha256", "email_google_sha256", "phone_sha256", "phone_meta_sha256"))
    frame = contacts(record(1), record(2, **bare))
    found = membership([person_id(1), "hubspot:2"], frame, consent(frame), platform="linkedin_ads")
    assert (found.people, found.without_consent, found.without_identifier) == (1, 0, 1)


def test_tests_and_strangers_are_nobody() -> None:
    frame = contacts(record(0), record(1, is_test=True))
    assert sent(frame, [person_id(0), person_id(1), "p:unknown"], "linkedin_ads") == expected(
        "linkedin_ads", [0]
    )


def test_an_empty_crm_is_an_empty_audience() -> None:
    frame = contacts(record(0)).iloc[:0]
    found = membership(pd.Series([7, 8]), frame, consent(frame), platform="google_ads")
    assert (found.members, found.people, found.without_consent) == ((), 0, 2)


@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from([True, False, None])), min_size=1, max_size=14))
def test_nobody_is_ever_both_agreed_and_not(said: list[tuple[int, bool | None]]) -> None:
    records = [record(n, agrees, contact_id=f"{n}.{at}") for at, (n, agrees) in enumerate(said)]
    found = consent(contacts(*records))
    assert not found.agreed & (found.refused | found.unknown)
    for n, agrees in said:
        if agrees is not True and not (agrees is None and any(m == n and a for m, a in said)):
            assert record(n)["email_sha256"] not in found.agreed


def held(n: int, state: MembershipState = MembershipState.IN) -> AudienceMembership:
    return AudienceMembership(Member("email", f"{n:064x}", str(n)), state, "plan", None)


def said(*, agreed: range, refused: range) -> Consent:
    return Consent(
        frozenset(f"{n:064x}" for n in agreed),
        frozenset(f"{n:064x}" for n in refused),
        frozenset(),
        frozenset(),
    )


def test_who_is_due_is_told_apart_by_why() -> None:
    found = due([held(n) for n in range(10)], said(agreed=range(2, 9), refused=range(1)))
    assert [one.person for one in found.refused] == ["0"]
    assert [one.person for one in found.unexplained] == ["1", "9"]
    assert found.share == pytest.approx(0.2)


def test_what_was_being_taken_out_goes_on_and_counts_as_no_news() -> None:
    found = due(
        [held(0, MembershipState.REMOVING), held(1), held(2)], said(agreed=range(1, 3), refused=range(0))
    )
    assert ([one.person for one in found.refused], found.unexplained, found.share) == (["0"], (), 0.0)
