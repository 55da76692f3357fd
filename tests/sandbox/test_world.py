"""World files: three ship, and one that is malformed says where in one sentence."""

from pathlib import Path

import pytest

from sandbox.catalog import build_catalog
from sandbox.world import WorldWrong, load_world

GOOD = """
name: mine
seed: 1
begins: 2025-01-01
accounts:
  - {platform: meta_ads, id: "2000000001", name: A, currency: EUR, time_zone: Europe/Berlin, campaigns: 1, ad_sets_per_campaign: 1}
"""


def world_file(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("demo", 50, 70), ("kind", 50, 70), ("large", 10_000, 10_100), ("stress", 100_000, 100_000)],
)
def test_the_shipped_worlds_have_their_sizes(name: str, low: int, high: int) -> None:
    world = load_world(name)
    assert low <= sum(len(build_catalog(world, account).ad_sets.id) for account in world.accounts) <= high
    assert {account.platform for account in world.accounts} == {"google_ads", "meta_ads", "linkedin_ads"}


def test_the_demo_has_two_currencies() -> None:
    assert {account.currency for account in load_world("demo").accounts} == {"EUR", "USD"}


def test_another_seed_can_be_given(tmp_path: Path) -> None:
    assert load_world(world_file(tmp_path, GOOD), seed=9).seed == 9


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed: 1", "seed: minus", r"mine\.yaml: seed: .*integer"),
        ("EUR", "SEK", "fx_to_eur has no rate for SEK"),
        (
            "Europe/Berlin",
            "Europe/Atlantis",
            "accounts.0.time_zone: .*'Europe/Atlantis' is no IANA time zone",
        ),
        ("platform: meta_ads", "platform: myspace", "accounts.0.platform: .*google_ads"),
        ("campaigns: 1", "campains: 1", "accounts.0"),
        ("platform: meta_ads", "platform: linkedin_ads", "LinkedIn counts days in UTC"),
        ("begins: 2025-01-01", "begins: [", "is not YAML: .*line"),
    ],
)
def test_a_malformed_world_says_where_in_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(WorldWrong, match=words) as raised:
        load_world(world_file(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(raised.value)


def test_an_unknown_world_lists_those_there_are() -> None:
    with pytest.raises(WorldWrong, match="There is no world 'dmo': name one of demo, kind, large, stress"):
        load_world("dmo")
