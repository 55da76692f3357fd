"""The platforms as their own documentation says to call them, pointed at the sandbox."""

import pytest
from facebook_business.api import FacebookAdsApi

from resources.config.settings import Settings
from tests.wire.linkedin_plain import Plain
from tests.wire.meta_official import official


@pytest.fixture
def api(settings: Settings) -> FacebookAdsApi:
    """Meta's official client."""
    return official(settings)


@pytest.fixture
def plain(settings: Settings) -> Plain:
    """LinkedIn by `requests` alone: it has no official client for Python."""
    return Plain(settings)
