"""LinkedIn's lead forms: clicks that no landing page tells of reach the person that the CRM knows, and
nothing else of the answers does.
"""

import json
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from assets.core.crm.people import people, touchpoints
from resources.crm import linkedin_forms
from resources.crm.incremental_load import read_and_keep
from resources.crm.linkedin_forms import LinkedInForms
from resources.errors import PlatformRefused
from resources.lake.lake import Lake
from resources.policy.crm import CrmMapping
from resources.tables.crm import CONTACTS, TOUCHES
from tests.crm.crawl import assert_name_nobody, texts_of
from tests.crm.ground import HASTY, NOW, Ground, ground, small_world
from tests.crm.truth import holdings


@pytest.fixture(scope="module")
def forms_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("forms"), small_world(form_share=0.7)) as running:
        yield running


@pytest.fixture
def forms(forms_session: Ground) -> Iterator[Ground]:
    yield forms_session
    forms_session.stage.faults.clear()
    forms_session.stage.clock.set(NOW)


def reader(forms: Ground) -> LinkedInForms:
    return LinkedInForms(forms.settings.linkedin_ads, CrmMapping(), back_off=HASTY)


def submitted(forms: Ground) -> np.ndarray:
    books = holdings(forms.stage).books
    t = books.touches
    real = t.is_form & books.funnel.is_contact[t.person]
    return np.flatnonzero(real & (np.array(t.at) <= forms.stage.clock.now().timestamp()))


def test_every_response_is_a_touch_of_its_campaign(forms: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkedin_forms, "PAGE", 5)
    books = holdings(forms.stage).books
    rows = submitted(forms)
    read = reader(forms).read(None, now=forms.stage.clock.now)
    assert len(rows) > 10  # more than two pages
    at = np.array(books.touches.at)
    assert len(read.rows["contacts"]) == len(read.rows["touches"]) == len(rows)
    truth = sorted(
        (
            int(at[n] * 1000),
            books.sets.campaign_id[books.touches.ad_set[n]],
            books.sets.ad_set_id[books.touches.ad_set[n]],
        )
        for n in rows
    )
    ours = sorted(
        (int(row["touch_at"].timestamp() * 1000), row["campaign_id"], row["ad_set_id"])
        for row in read.rows["touches"]
    )
    assert [(when, str(c), str(a)) for when, c, a in truth] == ours
    since = forms.stage.clock.now()
    forms.stage.clock.advance(timedelta(hours=30))
    later = reader(forms).read(since, now=forms.stage.clock.now)
    assert len(later.rows["touches"]) == len(submitted(forms)) - len(rows) > 0


def test_a_response_joins_the_person_of_the_crm_by_the_hashed_address(forms: Ground, lake: Lake) -> None:
    crms = forms.crms()
    for source in (*crms.readers(), reader(forms)):
        read_and_keep(lake, source, CrmMapping(), now=crms.now)
    contacts, touches = lake.read(CONTACTS), lake.read(TOUCHES)
    who = people(contacts)
    without = touchpoints(who, touches[touches["source"] == "hubspot"])
    both = touchpoints(who, touches)
    of_leads = pd.Index(who.contacts.loc[who.contacts["lead_at"].notna(), "person_id"].unique())

    def linkedin(visits: pd.DataFrame) -> int:
        of_linkedin = visits[visits["channel"].eq("linkedin_ads") & visits["person_id"].isin(of_leads)]
        return len(of_linkedin)

    assert linkedin(both) > 1.5 * linkedin(without)
    forms_only = contacts[contacts["source"] == "linkedin_forms"]
    assert forms_only["lead_at"].isna().all()
    joined = set(who.contacts.loc[who.contacts["source"] == "linkedin_forms", "person_id"])
    people_of_crm = set(who.contacts.loc[who.contacts["source"] == "hubspot", "person_id"])
    books, now = holdings(forms.stage).books, forms.stage.clock.now().timestamp()
    f, them = books.funnel, books.touches.person[submitted(forms)]
    there = (f.created_at[them] <= now) & (f.deleted_at[them] > now) & ~f.is_test[them]
    assert len(joined & people_of_crm) == there.sum() > 10


def test_nothing_of_an_answer_is_kept_but_hashes(forms: Ground, lake: Lake) -> None:
    read_and_keep(lake, reader(forms), CrmMapping(), now=forms.stage.clock.now)
    assert_name_nobody(texts_of(lake), holdings(forms.stage))


def test_a_login_without_the_permission_is_told_which_one(forms: Ground) -> None:
    forms.stage.faults.arm("linkedin_ads", "token_revoked", after=1)
    with pytest.raises(PlatformRefused, match="r_marketing_leadgen_automation") as error:
        reader(forms).read(None, now=forms.stage.clock.now)
    assert "@" not in json.dumps(str(error.value))


def test_forms_are_asked_for_only_where_the_policy_says_so(forms: Ground) -> None:
    assert [source.source for source in forms.crms().readers()] == ["hubspot"]
