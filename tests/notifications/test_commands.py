"""`notify test`, `notify status` and `check`: which channel took it, in words without an address."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestration.cli.main import cli
from orchestration.cli.notifications import channels_shown
from resources.policy.policy import policy_text
from sandbox.serve import Sandbox
from tests.notifications.conftest import Post

CHANNELS = {"team": {"address": "PAID_MEDIA_NOTIFY_CHAT"}, "mail": {"address": "PAID_MEDIA_NOTIFY_MAIL"}}


def command(*words: str, var: Path, policy: Path, ledger: Path) -> Result:
    env = {
        "PAID_MEDIA_VAR": str(var),
        "PAID_MEDIA_PROFILE": "sandbox",
        "PAID_MEDIA_POLICY": str(policy),
        "PAID_MEDIA_LEDGER": f"sqlite:///{ledger}",
    }
    return CliRunner(env=env).invoke(cli, words)


@pytest.fixture
def policy(post: Post, tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(policy_text(post.policy | {"notifications": {"channels": CHANNELS}}), encoding="utf-8")
    return path


def test_a_test_message_reaches_every_channel(
    sandbox: Sandbox, var: Path, policy: Path, tmp_path: Path
) -> None:
    output = command("notify", "test", var=var, policy=policy, ledger=tmp_path / "l.db")
    assert output.exit_code == 0, output.output
    assert output.output.splitlines() == ["took it  mail (mailto, html)", "took it  team (mmost, markdown)"]
    assert sorted(message["service"] for message in sandbox.stage.caught.all()) == ["chat", "mail"]


def test_a_channel_that_refuses_is_named_with_its_reason_and_no_address(
    sandbox: Sandbox, var: Path, policy: Path, tmp_path: Path
) -> None:
    sandbox.stage.faults.arm("chat", "unavailable")
    output = command("notify", "test", var=var, policy=policy, ledger=tmp_path / "l.db")
    assert output.exit_code == 1
    assert "BROKEN   team (mmost, markdown): the service answered 503" in output.output
    assert "took it  mail" in output.output
    assert "://" not in output.output


def test_status_says_what_waits_and_why(post: Post, var: Path, tmp_path: Path) -> None:
    output = command(
        "notify", "status", var=var, policy=tmp_path / "policy.yaml", ledger=tmp_path / "none.db"
    )
    assert output.output.strip() == "Nothing was output in the last two days."


def test_check_names_channels_and_what_is_not_set(post: Post) -> None:
    post.rewrite(channels=CHANNELS | {"oncall": {"address": "PAID_MEDIA_NOTIFY_ONCALL"}})
    assert channels_shown(post.services).splitlines() == [
        "works    messages: mail (mailto, html)",
        "works    messages: team (mmost, markdown)",
        "BROKEN   messages: oncall: PAID_MEDIA_NOTIFY_ONCALL is not set; docs/notifications.md says how",
    ]
