"""The platforms as their own documentation says to call them, pointed at the sandbox."""

import pytest
from facebook_business.api import FacebookAdsApi
from google.ads.googleads.client import GoogleAdsClient

from resources.config.settings import Settings
from sandbox.google import criteria
from sandbox.serve import Sandbox
from sandbox.world import Account
from tests.wire.google_client import GERMANY
from tests.wire.google_client import official as google
from tests.wire.linkedin_plain import Plain
from tests.wire.meta_graph import Graph
from tests.wire.meta_official import official


@pytest.fixture
def api(settings: Settings) -> FacebookAdsApi:
    """Meta's official client."""
    return official(settings)


@pytest.fixture
def plain(settings: Settings) -> Plain:
    """LinkedIn by `requests` alone: it has no official client for Python."""
    return Plain(settings)


@pytest.fixture
def client(settings: Settings, sandbox: Sandbox) -> GoogleAdsClient:
    return google(settings.google_ads)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.stage.world.of("google_ads")[0]


@pytest.fixture
def search(sandbox: Sandbox, account: Account) -> tuple[str, str]:
    """Resource names of a search campaign without an attached list, and of an ad group in it."""
    catalog = sandbox.stage.market.catalog(account)
    attached = {link.parent for link in criteria.attachments(sandbox.stage, account)}
    for row in criteria.search_ad_groups(sandbox.stage, account):
        campaign = int(catalog.campaigns.id[catalog.ad_sets.campaign[row]])
        if campaign not in attached:
            return (
                f"customers/{GERMANY}/campaigns/{campaign}",
                f"customers/{GERMANY}/adGroups/{catalog.ad_sets.id[row]}",
            )
    raise LookupError("no such campaign")


@pytest.fixture
def graph(sandbox: Sandbox) -> Graph:
    return Graph(sandbox)
