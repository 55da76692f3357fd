"""What a person reads in the terminal, above all when something is wrong."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli.main import cli
from sandbox.serve import Sandbox
from tests.orchestration.test_backfill import command


def said(*words: str, var: Path, lake: Path, code: int, **more: str) -> str:
    run = command(*words, var=var, lake=lake, **more)
    printed, _ = run.communicate(timeout=120)
    assert run.returncode == code, printed
    assert "Traceback" not in printed
    return printed


def said_here(*words: str, var: Path, lake: Path, code: int) -> str:
    """The same without a process of its own."""
    env = {"PAID_MEDIA_VAR": str(var), "PAID_MEDIA_PROFILE": "sandbox", "PAID_MEDIA_LAKE": str(lake)}
    result = CliRunner(env=env).invoke(cli, words)
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture(autouse=True)
def same_clock(sandbox: Sandbox) -> None:
    """The commands live in real time, so the sandbox does too."""
    sandbox.stage.clock.set(None)


@pytest.fixture
def credentials(var: Path, sandbox: Sandbox, tmp_path: Path) -> Path:
    """A `var` whose sandbox.env can be spoilt without spoiling the session's."""
    folder = tmp_path / "var" / "sandbox"
    folder.mkdir(parents=True)
    (folder / "sandbox.env").write_text((var / "sandbox" / "sandbox.env").read_text())
    return tmp_path / "var"


def spoil(var: Path, name: str, value: str) -> None:
    path = var / "sandbox" / "sandbox.env"
    lines = [
        f"{name}='{value}'" if line.startswith(name + "=") else line for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")


def test_check_says_per_account_what_works(sandbox: Sandbox, var: Path, tmp_path: Path) -> None:
    printed = said("check", var=var, lake=tmp_path, code=0)
    for account in sandbox.stage.world.accounts:
        line = next(line for line in printed.splitlines() if account.id in line)
        assert line.startswith("works")
        assert account.currency in line


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("META_ACCESS_TOKEN", "someone-elses-token", "Meta Ads: "),
        ("META_GRAPH_URL", "http://127.0.0.1:9/graph", "Meta Ads: "),
        ("LINKEDIN_ACCESS_TOKEN", "someone-elses-token", "LinkedIn Ads: "),
        ("LINKEDIN_API_URL", "http://127.0.0.1:9/rest", "LinkedIn Ads: "),
        ("GOOGLE_ADS_ENDPOINT", "localhost:9", "Google Ads: "),
        ("HUBSPOT_ACCESS_TOKEN", "someone-elses-token", "HubSpot: "),
        ("HUBSPOT_API_URL", "http://127.0.0.1:9/hubspot", "HubSpot: "),
        ("GOOGLE_ADS_LOGIN_CUSTOMER_ID", "1234567890", "Google Ads: "),
    ],
)
def test_check_says_in_one_sentence_what_is_broken_and_still_tries_the_others(
    credentials: Path, tmp_path: Path, name: str, value: str, words: str
) -> None:
    spoil(credentials, name, value)
    printed = said_here("check", var=credentials, lake=tmp_path, code=1)
    broken = [line for line in printed.splitlines() if line.startswith("BROKEN")]
    assert broken
    assert all(words.removesuffix(": ") in line for line in broken)
    assert "works" in printed
    assert "someone-elses-token" not in printed
    assert "secret" not in printed.lower()


def test_without_a_sandbox_the_sentence_says_how_to_start_it(tmp_path: Path) -> None:
    printed = said("daily", var=tmp_path, lake=tmp_path / "lake", code=1)
    assert "python -m sandbox serve" in printed


def test_a_wrong_account_id_is_named(credentials: Path, tmp_path: Path) -> None:
    with (credentials / "sandbox" / "sandbox.env").open("a") as env:
        env.write("META_ACCOUNTS='424242424242'\n")
    printed = said_here("check", var=credentials, lake=tmp_path, code=1)
    assert "424242424242" in next(line for line in printed.splitlines() if line.startswith("BROKEN"))


def test_days_that_make_no_sense_are_refused(sandbox: Sandbox, var: Path, tmp_path: Path) -> None:
    for first, last in (
        ("2026-11-05", "2026-11-01"),
        ("2019-12-31", "2026-11-01"),
        ("2026-11-01", "2999-01-01"),
    ):
        printed = said_here("backfill", "--from", first, "--to", last, var=var, lake=tmp_path, code=2)
        assert "Days go from 2020-01-01 to yesterday" in printed
