"""Grounds that the tests of the CRM share; each test begins at the same instant, without faults."""

from collections.abc import Iterator

import pytest

from tests.crm.ground import NOW, Ground, ground, small_world


@pytest.fixture(scope="session")
def hubspot_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(
        tmp_path_factory.mktemp("hubspot"), small_world(merge_share=0.03, delete_share=0.02)
    ) as found:
        yield found


@pytest.fixture(scope="session")
def salesforce_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(
        tmp_path_factory.mktemp("salesforce"), small_world(kind="salesforce", merge_share=0.03)
    ) as found:
        yield found


def _fresh(found: Ground) -> Iterator[Ground]:
    yield found
    found.stage.faults.clear()
    found.stage.audit.clear()
    found.stage.clock.set(NOW)


@pytest.fixture
def hubspot(hubspot_session: Ground) -> Iterator[Ground]:
    """HubSpot with the people of two weeks, at 20 November 2026, 06:00 UTC."""
    yield from _fresh(hubspot_session)


@pytest.fixture
def salesforce(salesforce_session: Ground) -> Iterator[Ground]:
    """The same as Salesforce."""
    yield from _fresh(salesforce_session)
