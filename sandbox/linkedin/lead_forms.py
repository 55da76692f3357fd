"""Forms that people filled in at LinkedIn: their answers, the campaign they came by, and when."""

from typing import Any

import numpy as np

from sandbox.customers.contact_cards import Cards
from sandbox.linkedin.parameters import require_known, whole_number
from sandbox.linkedin.refusals import Refused, bad
from sandbox.running_world import Stage

MOST, LONGEST_DAYS = 100, 365
FIELDS = (
    "owner",
    "leadType",
    "submitter",
    "leadMetadata",
    "versionedLeadGenFormUrn",
    "id",
    "submittedAt",
    "testLead",
    "form",
    "formResponse",
)
"""Members of a response that can be selected."""
QUESTIONS = {101: "FIRST_NAME", 102: "LAST_NAME", 103: "WORK_EMAIL", 104: "PHONE_NUMBER"}
FORM = {
    "id": 7_234_246,
    "name": "Newsletter",
    "hiddenFields": [],
    "content": {
        "questions": [
            {"questionId": own, "name": name, "predefinedField": name} for own, name in QUESTIONS.items()
        ]
    },
}


def responses(stage: Stage, query: dict[str, Any]) -> dict[str, Any]:
    """A page of an account's responses, the newest first, as the owner finder gives them.

    Raises:
        Refused: The finder, the account or the time range is wrong.
    """
    require_known(
        query,
        {"q", "owner", "leadType", "submittedAtTimeRange", "count", "start", "fields", "limitedToTestLeads"},
        resource="leadFormResponses",
    )
    own_id = str((query.get("owner") or {}).get("sponsoredAccount", "")).rsplit(":", 1)[-1]
    account = stage.world.account("linkedin_ads", own_id)
    if query.get("q") != "owner" or (query.get("leadType") or {}).get("leadType") != "SPONSORED":
        raise bad("finder q=owner with leadType=(leadType:SPONSORED) expected", field="q")
    if account is None:
        raise Refused(403, "ACCESS_DENIED", f"Not enough permissions to access account {own_id}", service=100)
    now = stage.clock.now().timestamp()
    span = query.get("submittedAtTimeRange") or {}
    since, until = float(span.get("start", 0)) / 1000, min(float(span.get("end", now * 1000)) / 1000, now)
    size, start = whole_number(query, "count", 10), whole_number(query, "start", 0)
    if not 1 <= size <= MOST:
        raise bad(f"count must be between 1 and {MOST}", field="count")
    books = stage.keeper.books()
    t = books.touches
    since = max(since, now - LONGEST_DAYS * 86_400.0)
    number = stage.world.accounts.index(account)
    sets = np.where(t.is_form, t.ad_set, 0)
    rows = np.flatnonzero(
        t.is_form
        & books.funnel.is_contact[t.person]
        & (books.sets.account[sets] == number)
        & (t.at >= since)
        & (t.at < until)
    )
    if str(query.get("limitedToTestLeads", "false")) == "true":
        rows = rows[books.funnel.is_test[t.person[rows]]]
    rows = rows[np.argsort(-t.at[rows], kind="stable")]
    cards = Cards(stage.world, books)
    shown = [name.split(":")[0] for name in str(query.get("fields") or ",".join(FIELDS)).split(",")]
    if unknown := [name for name in shown if name not in FIELDS]:
        raise bad(f"Invalid projection field {unknown[0]}", field=f"fields/{unknown[0]}")
    return {
        "paging": {"start": start, "count": size, "links": [], "total": len(rows)},
        "elements": [
            {
                name: value
                for name, value in _element(cards, books, int(row), account.id).items()
                if name in shown
            }
            for row in rows[start : start + size]
        ],
    }


def _element(cards: Cards, books: Any, touch: int, account: str) -> dict[str, Any]:
    person, ad_set = int(books.touches.person[touch]), int(books.touches.ad_set[touch])
    first, last = cards.name(person)
    answers = dict(zip(QUESTIONS, (first, last, cards.email(person), cards.phone(person)), strict=True))
    return {
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{account}"},
        "leadType": "SPONSORED",
        "submitter": "urn:li:person:0",
        "leadMetadata": {
            "sponsoredLeadMetadata": {"campaign": f"urn:li:sponsoredCampaign:{books.sets.ad_set_id[ad_set]}"}
        },
        "versionedLeadGenFormUrn": f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{FORM['id']},1)",
        "id": f"{int(cards.contact_id[person])}-4",
        "submittedAt": int(books.touches.at[touch] * 1000),
        "testLead": bool(books.funnel.is_test[person]),
        "form": FORM,
        "formResponse": {
            "consentResponses": [],
            "answers": [
                {"questionId": own_id, "answerDetails": {"textQuestionAnswer": {"answer": message}}}
                for own_id, message in answers.items()
                if message
            ],
        },
    }
