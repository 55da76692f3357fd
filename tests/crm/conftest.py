"""Grounds that the tests of the CRM share; each test begins at the same instant, without faults."""

from collections.abc import Iterator

import pytest

from tests.crm.ground import NOW, Ground, ground, small_world


@pytest.fixture(scope="session")
def hubspot_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(
        tmp_path_factory.mktemp("hubspot"), small_world(merge_share=0.03, delete_share=0.02)
    ) as running:
        yield running


@pytest.fixture(scope="session")
def salesforce_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(
        tmp_path_factory.mktemp("salesforce"), small_world(kind="salesforce", merge_share=0.03)
    ) as running:
        yield running


def _fresh(running: Ground) -> Iterator[Ground]:
    yield running
    running.stage.faults.clear()
    running.stage.audit.clear()
    running.stage.clock.set(NOW)


@pytest.fixture
def hubspot(hubspot_session: Ground) -> Iterator[Ground]:
    """HubSpot with the people of two weeks, at 20 November 2026, 06:00 UTC."""
    yield from _fresh(hubspot_session)


@pytest.fixture
def salesforce(salesforce_session: Ground) -> Iterator[Ground]:
    """The same as Salesforce."""
    yield from _fresh(salesforce_session)
