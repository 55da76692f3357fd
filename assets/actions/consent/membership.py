"""Whom an audience may hold: the people of a segment who agreed to advertising, by the hashes that its
platform takes.

Who did not say yes is not in it: no answer is no. A hash that also belongs to somebody who did not agree (a
shared telephone, an address of two records) is left out for everybody.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from resources.ledger.audiences import AudienceMembership, Member, MembershipState

IDENTIFIERS: Mapping[str, Mapping[str, str]] = {
    "google_ads": {"email": "email_google_sha256", "phone": "phone_sha256"},
    "meta_ads": {"email": "email_sha256", "phone": "phone_meta_sha256"},
    "linkedin_ads": {"email": "email_sha256"},
}
"""Columns of raw/crm_contacts by platform and kind of identifier: each hashed by that platform's own rules.
"""
HASHES = sorted({column for columns in IDENTIFIERS.values() for column in columns.values()})
CONSENT = "may_advertise"


@dataclass(frozen=True)
class Consent:
    """Hashes by what their owners say. One that belongs to several people is in the strictest."""

    agreed: frozenset[str]
    refused: frozenset[str]
    unknown: frozenset[str]
    people: frozenset[str]
    """Who agreed, as person_id."""


@dataclass(frozen=True)
class Membership:
    """Whom an audience should hold, and who was left out and why."""

    members: tuple[Member, ...]
    people: int
    without_consent: int
    without_identifier: int


def consent(contacts: pd.DataFrame) -> Consent:
    """What everybody says.

    Args:
        contacts: raw/crm_contacts with person_id, hashes and may_advertise (true, false or empty). A person
            with several records agrees where one says yes and none says no. Without the column nobody has
            said anything.
    """
    said = pd.Series(None, contacts.index, dtype=object)
    if CONSENT in contacts:
        said = contacts[CONSENT].astype(object)
    no, yes = said.map(_is_no), said.map(_is_yes)
    person = contacts["person_id"].astype(str)
    refused_people = set(person[no])
    agreed_people = set(person[yes]) - refused_people
    hashes: dict[str, set[str]] = {"agreed": set(), "refused": set(), "unknown": set()}
    for column in HASHES:
        known = contacts[column].dropna().astype(str)
        owner = person.loc[known.index]
        hashes["refused"] |= set(known[owner.isin(refused_people)])
        hashes["agreed"] |= set(known[owner.isin(agreed_people)])
        hashes["unknown"] |= set(known[~owner.isin(refused_people | agreed_people)])
    unknown = hashes["unknown"] - hashes["refused"]
    return Consent(
        agreed=frozenset(hashes["agreed"] - hashes["refused"] - unknown),
        refused=frozenset(hashes["refused"]),
        unknown=frozenset(unknown),
        people=frozenset(agreed_people),
    )


def membership(
    customers: Iterable[str], contacts: pd.DataFrame, said: Consent, *, platform: str
) -> Membership:
    """Whom an audience at a platform should hold.

    Args:
        customers: The segment's customers, as person_id.
        contacts: raw/crm_contacts with person_id; a person may have several records, and all their hashes
            count.
        said: Who agreed.
        platform: Decides which hashes are taken.
    """
    wanted = {str(one) for one in customers}
    may = wanted & said.people
    mine = contacts[contacts["person_id"].astype(str).isin(may)]
    found: dict[tuple[str, str], str] = {}
    for kind, column in IDENTIFIERS[platform].items():
        known = mine[["person_id", column]].dropna()
        for person, own in zip(known["person_id"].astype(str), known[column].astype(str), strict=True):
            if own in said.agreed:
                found.setdefault((kind, own), person)
    members = tuple(sorted(Member(kind, own, person) for (kind, own), person in found.items()))
    reached = {one.person for one in members}
    return Membership(members, len(reached), len(wanted - may), len(may - reached))


@dataclass(frozen=True)
class DueRemovals:
    """Who has to leave an audience now: because they said no, or because nobody can say any more that they
    said yes.
    """

    refused: tuple[Member, ...]
    unexplained: tuple[Member, ...]
    share: float
    """Share of the audience that the second are."""


def due(held: Collection[AudienceMembership], said: Consent) -> DueRemovals:
    """Of those who are or may be in an audience, who has to go."""
    refused = tuple(one.member for one in held if one.member.sha256 in said.refused)
    left = [
        one for one in held if one.member.sha256 not in said.refused and one.member.sha256 not in said.agreed
    ]
    there = [one for one in held if one.state != MembershipState.REMOVING]
    # What was being taken out goes on: an earlier run decided it.
    going = tuple(one.member for one in left if one.state == MembershipState.REMOVING)
    new = tuple(one.member for one in left if one.state != MembershipState.REMOVING)
    share = len(new) / len(there) if there else 0.0
    return DueRemovals((*refused, *going), new, share)


def _is_yes(value: object) -> bool:
    return not pd.isna(value) and bool(value)


def _is_no(value: object) -> bool:
    return not pd.isna(value) and not bool(value)
