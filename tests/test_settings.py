"""Settings: two profiles that never mix, sentences that name the variable and never its value."""

import json
import os
from pathlib import Path

import pytest

from resources.config.settings import load_settings
from resources.errors import SettingsWrong

SECRET = "s3cr3t-value"
LIVE = {"PAID_MEDIA_PROFILE": "live"}
META = LIVE | {"META_ACCESS_TOKEN": SECRET}
LINKEDIN = LIVE | {"LINKEDIN_ACCESS_TOKEN": SECRET}
GOOGLE = LIVE | {
    "GOOGLE_ADS_CLIENT_ID": "id",
    "GOOGLE_ADS_CLIENT_SECRET": SECRET,
    "GOOGLE_ADS_REFRESH_TOKEN": SECRET,
}
SANDBOX = {"META_ACCESS_TOKEN": "toy", "META_GRAPH_URL": "http://127.0.0.1:8001"}


def sandbox_env(var: Path, **settings: str) -> dict[str, str]:
    """The environment of a sandbox whose file holds `settings`."""
    (var / "sandbox").mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    (var / "sandbox" / "sandbox.env").write_text(text)
    return {"PAID_MEDIA_VAR": str(var)}


def refusal(env: dict[str, str]) -> str:
    with pytest.raises(SettingsWrong) as refused:
        load_settings(env)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    return str(refused.value)


def test_the_sandbox_is_the_default_profile_and_keeps_its_own_folder(tmp_path: Path) -> None:
    settings = load_settings(sandbox_env(tmp_path, **SANDBOX))
    assert (settings.profile, settings.reporting_currency, settings.trailing_days) == ("sandbox", "EUR", None)
    assert settings.lake_uri == str(tmp_path / "sandbox" / "lake")
    assert settings.reports_dir == tmp_path / "sandbox" / "reports"
    assert settings.drop_dir == tmp_path / "sandbox" / "drop"


def test_only_what_is_set_is_configured(tmp_path: Path) -> None:
    settings = load_settings(sandbox_env(tmp_path, **SANDBOX))
    configured = {name for name, platform in settings.platforms.items() if platform.is_configured}
    assert configured == {"meta_ads"}
    assert settings.google_ads.missing() == [
        "GOOGLE_ADS_CLIENT_ID",
        "GOOGLE_ADS_CLIENT_SECRET",
        "GOOGLE_ADS_REFRESH_TOKEN",
    ]


def test_a_real_token_in_the_environment_does_not_reach_the_sandbox(tmp_path: Path) -> None:
    real = (
        META
        | GOOGLE
        | LINKEDIN
        | {"META_GRAPH_URL": "https://graph.facebook.com", "PAID_MEDIA_PROFILE": "sandbox"}
    )
    settings = load_settings(real | sandbox_env(tmp_path, **SANDBOX))
    assert SECRET not in repr(
        [platform.model_dump(mode="python") for platform in settings.platforms.values()]
    )
    assert settings.meta_ads.access_token is not None
    assert settings.meta_ads.access_token.get_secret_value() == "toy"
    assert settings.meta_ads.graph_url == SANDBOX["META_GRAPH_URL"]
    assert not settings.google_ads.is_begun
    assert not settings.linkedin_ads.is_begun


def test_the_general_settings_of_the_sandbox_come_from_the_environment(tmp_path: Path) -> None:
    env = {
        "PAID_MEDIA_REPORTING_CURRENCY": "SEK",
        "PAID_MEDIA_TRAILING_DAYS": "7",
        "PAID_MEDIA_LAKE": "s3://bucket/lake",
    }
    settings = load_settings(env | sandbox_env(tmp_path, **SANDBOX))
    assert (settings.reporting_currency, settings.trailing_days) == ("SEK", 7)
    assert settings.lake_uri == "s3://bucket/lake"


def test_the_sandbox_brings_its_own_exchange_rates_unless_others_are_asked_for(tmp_path: Path) -> None:
    env = sandbox_env(tmp_path, PAID_MEDIA_FX_RATES="/sandbox.csv", PAID_MEDIA_REPORTING_CURRENCY="SEK")
    settings = load_settings(env, with_platforms=False)
    assert (settings.fx_file, settings.reporting_currency) == (Path("/sandbox.csv"), "EUR")
    settings = load_settings(env | {"PAID_MEDIA_FX_RATES": "/mine.csv"}, with_platforms=False)
    assert settings.fx_file == Path("/mine.csv")


def test_a_missing_sandbox_says_how_to_start_it(tmp_path: Path) -> None:
    assert "python -m sandbox serve" in refusal({"PAID_MEDIA_VAR": str(tmp_path)})


def test_work_on_dropped_files_alone_needs_no_sandbox(tmp_path: Path) -> None:
    settings = load_settings({"PAID_MEDIA_VAR": str(tmp_path)}, with_platforms=False)
    assert not any(platform.is_configured for platform in settings.platforms.values())


@pytest.mark.parametrize(
    "url", ["https://graph.facebook.com", "http://127.0.0.1@evil.example", "http://localhost.evil.example"]
)
def test_the_sandbox_profile_refuses_an_endpoint_elsewhere(tmp_path: Path, url: str) -> None:
    message = refusal(sandbox_env(tmp_path, **SANDBOX | {"META_GRAPH_URL": url}))
    assert message.startswith("META_GRAPH_URL in the sandbox's file points away from this machine")


def test_the_sandbox_profile_refuses_a_platform_without_an_endpoint_of_its_own(tmp_path: Path) -> None:
    assert refusal(sandbox_env(tmp_path, LINKEDIN_ACCESS_TOKEN="toy")).startswith("LINKEDIN_API_URL")
    assert refusal(sandbox_env(tmp_path, **{k: v for k, v in GOOGLE.items() if k not in LIVE})).startswith(
        "GOOGLE_ADS_ENDPOINT"
    )


@pytest.mark.parametrize("profile", ["sandbox", "live"])
def test_a_key_file_of_the_other_world_is_refused(tmp_path: Path, profile: str) -> None:
    key, ours = tmp_path / "key.json", profile == "live"
    key.write_text(
        json.dumps(
            {"token_uri": "http://127.0.0.1:1/token" if ours else "https://oauth2.googleapis.com/token"}
        )
    )
    login = {"GOOGLE_ADS_JSON_KEY_FILE_PATH": str(key)}
    endpoint = {} if ours else {"GOOGLE_ADS_ENDPOINT": "localhost:50051"}
    env = LIVE | login if ours else sandbox_env(tmp_path, **login, **endpoint)
    assert refusal(env).startswith("GOOGLE_ADS_JSON_KEY_FILE_PATH")


@pytest.mark.parametrize("content", [None, "no json", "{}", "[]"])
def test_a_key_file_that_is_none_says_so(tmp_path: Path, content: str | None) -> None:
    key = tmp_path / "key.json"
    if content:
        key.write_text(content)
    assert str(key) in refusal(LIVE | {"GOOGLE_ADS_JSON_KEY_FILE_PATH": str(key)})


@pytest.mark.parametrize(
    ("credentials", "variable", "here"),
    [
        (META, "META_GRAPH_URL", "http://127.0.0.1:8001"),
        (META, "META_GRAPH_URL", "https://LOCALHOST.:8001"),
        (META, "META_GRAPH_URL", "https://[::1]:8001"),
        (LINKEDIN, "LINKEDIN_API_URL", "http://0.0.0.0:8002/rest"),
        (LINKEDIN, "LINKEDIN_OAUTH_URL", "http://[::ffff:127.0.0.1]:8002"),
        (GOOGLE, "GOOGLE_ADS_ENDPOINT", "dns:///localhost:50051"),
        (GOOGLE, "GOOGLE_ADS_TOKEN_URL", "http://localhost:50052/token"),
    ],
)
def test_the_live_profile_refuses_an_endpoint_on_this_machine(
    credentials: dict[str, str], variable: str, here: str
) -> None:
    message = refusal(credentials | {variable: here})
    assert message.startswith(f"{variable} points at this machine")
    assert SECRET not in message


def test_the_live_profile_sends_nothing_in_clear_text() -> None:
    assert "https://" in refusal(META | {"META_GRAPH_URL": "http://graph.facebook.com"})


def test_live_accepts_each_way_into_each_platform(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"token_uri": "https://oauth2.googleapis.com/token"}))
    by_key = {"GOOGLE_ADS_JSON_KEY_FILE_PATH": str(key)}
    app = {"LINKEDIN_CLIENT_ID": "id", "LINKEDIN_CLIENT_SECRET": SECRET, "LINKEDIN_REFRESH_TOKEN": SECRET}
    for env in (GOOGLE | META | LINKEDIN, META | LIVE | by_key | app):
        assert all(platform.is_configured for platform in load_settings(env).platforms.values())


@pytest.mark.parametrize(
    "variable", ["GOOGLE_ADS_CLIENT_ID", "GOOGLE_ADS_CLIENT_SECRET", "GOOGLE_ADS_REFRESH_TOKEN"]
)
def test_a_half_set_platform_names_what_is_missing(variable: str) -> None:
    message = refusal({name: value for name, value in GOOGLE.items() if name != variable})
    assert message.startswith(f"{variable} is not set")
    assert SECRET not in message


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"META_APP_SECRET": SECRET}, "META_ACCESS_TOKEN"),
        ({"META_ACCOUNTS": "act_1"}, "META_ACCESS_TOKEN"),
        ({"LINKEDIN_CLIENT_ID": "id", "LINKEDIN_CLIENT_SECRET": SECRET}, "LINKEDIN_REFRESH_TOKEN"),
        ({"GOOGLE_ADS_DEVELOPER_TOKEN": SECRET}, "GOOGLE_ADS_CLIENT_ID, GOOGLE_ADS_CLIENT_SECRET"),
    ],
)
def test_what_nobody_sets_by_accident_begins_a_platform(given: dict[str, str], missing: str) -> None:
    message = refusal(LIVE | given)
    assert message.startswith(missing)
    assert SECRET not in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAID_MEDIA_PROFILE", "lvie"),
        ("PAID_MEDIA_REPORTING_CURRENCY", "euros"),
        ("PAID_MEDIA_TRAILING_DAYS", "91"),
        ("PAID_MEDIA_TRAILING_DAYS", "a month"),
        ("GOOGLE_ADS_LOGIN_CUSTOMER_ID", SECRET),
        ("GOOGLE_ADS_LOGIN_CUSTOMER_ID", "1,2"),
        ("META_ACCOUNTS", f"act_1,{SECRET}"),
        ("META_API_VERSION", SECRET),
        ("LINKEDIN_VERSION", SECRET),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not_told(variable: str, value: str) -> None:
    message = refusal(LIVE | {variable: value})
    assert message.startswith(f"{variable} is wrong: ")
    assert value not in message.removeprefix(variable)


def test_secrets_hide_when_settings_are_printed() -> None:
    settings = load_settings(
        GOOGLE | META | LINKEDIN | {"GOOGLE_ADS_DEVELOPER_TOKEN": SECRET, "META_APP_SECRET": SECRET}
    )
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()


def test_account_ids_lose_the_platforms_dashes_and_prefixes() -> None:
    written = {
        "GOOGLE_ADS_ACCOUNTS": "123-456-7890, 42",
        "META_ACCOUNTS": "act_17",
        "GOOGLE_ADS_LOGIN_CUSTOMER_ID": "1-2",
    }
    settings = load_settings(GOOGLE | META | written)
    assert settings.google_ads.accounts == ("1234567890", "42")
    assert settings.google_ads.login_customer_id == "12"
    assert settings.meta_ads.accounts == ("17",)


def test_live_reads_the_project_s_env_file_beneath_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in [name for name in os.environ if name.startswith(("PAID_MEDIA_", "META_"))]:
        monkeypatch.delenv(variable)
    (tmp_path / ".env").write_text(
        f"PAID_MEDIA_PROFILE=live\nMETA_ACCESS_TOKEN={SECRET}\nMETA_APP_ID=file\nMETA_APP_SECRET=\nPAID_MEDIA_LAKE=lake\n"
    )
    monkeypatch.setenv("META_APP_ID", "environment")
    settings = load_settings(project=tmp_path)
    assert (settings.profile, settings.meta_ads.app_id, settings.meta_ads.app_secret) == (
        "live",
        "environment",
        None,
    )
    assert settings.lake_uri == str(tmp_path / "lake")
    assert settings.root == tmp_path / "var"


def test_a_dollar_in_the_env_file_is_a_dollar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAID_MEDIA_PROFILE", "live")
    monkeypatch.delenv("META_ACCESS_TOKEN", raising=False)
    (tmp_path / ".env").write_text("META_ACCESS_TOKEN=a${HOME}b\n")
    token = load_settings(project=tmp_path).meta_ads.access_token
    assert token is not None
    assert token.get_secret_value() == "a${HOME}b"


def test_a_tilde_is_the_home_folder() -> None:
    settings = load_settings(LIVE | {"PAID_MEDIA_VAR": "~/var", "PAID_MEDIA_DROP_DIR": "~/drop"})
    assert (settings.root, settings.drop_dir) == (Path.home() / "var", Path.home() / "drop")


def test_a_given_environment_is_the_whole_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_TOKEN", SECRET)
    assert not load_settings(LIVE).meta_ads.is_begun


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = load_settings(META)
    with pytest.raises(ValueError, match="frozen"):
        settings.meta_ads.graph_url = "https://evil.example"
