"""Audience clients of the platforms that admit only people whose consent is on record in the CRM."""

import time

import pandas as pd

from assets.actions.consent.membership import consent
from assets.core.crm.people import people
from resources.action_services import ActionServices
from resources.audiences.sync import Sync
from resources.audiences.writer import AudienceWriter
from resources.lake.lake import Lake
from resources.tables.crm import CONTACTS


def contacts_now(lake: Lake) -> pd.DataFrame:
    """The CRM's records as it last told them, each with its person; those of tests are left out."""
    return people(lake.read(CONTACTS)).contacts


def agreed_now(lake: Lake) -> frozenset[str] | None:
    """Hashes of everybody who agrees to advertising; None where no CRM was ever read, so that nothing can be
    said.
    """
    found = contacts_now(lake)
    return None if found.empty else consent(found).agreed


def audience_writer(platform: str, services: ActionServices, lake: Lake) -> AudienceWriter:
    """The audience side of a platform, as proposals are carried out by it."""
    return AudienceWriter(
        sync_with(platform, services), services.platforms.writer(platform), lambda: agreed_now(lake)
    )


def sync_with(platform: str, services: ActionServices) -> Sync:
    client = services.platforms.audiences(platform)
    return Sync(services.ledger, client, wait=lambda: time.sleep(1.0), stopped=services.killed)
