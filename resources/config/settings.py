"""Settings: which profile, where things are kept, and each platform's credentials, all from environment
variables.

Two profiles never mix. `sandbox` takes endpoints and credentials only from the file that `python -m sandbox
serve` writes and refuses any that is not on this machine, so a real token in the environment cannot travel.
`live` takes them from the environment over `.env`, and refuses endpoints that are on this machine. Every
variable is in docs/configuration.md.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError

from resources.config.credentials import (
    ExplicitSettings,
    GoogleAdsSettings,
    HubSpotSettings,
    LinkedInAdsSettings,
    MetaAdsSettings,
    PlatformSettings,
    SalesforceSettings,
    SqlSettings,
)
from resources.errors import SettingsWrong
from resources.security.loopback import is_loopback, keep_proxies_out

PROJECT = Path(__file__).resolve().parents[2]
SANDBOX_FILE = Path("sandbox", "sandbox.env")
"""Where `python -m sandbox serve` leaves its endpoints and credentials, below PAID_MEDIA_VAR."""
_RATES, _NOTIFY = "PAID_MEDIA_FX_RATES", "PAID_MEDIA_NOTIFY"
_Kind = TypeVar("_Kind", bound=ExplicitSettings)
_WHERE_TO_GET = {
    "google_ads": (
        "OAuth clients are made in the Google Cloud console, refresh tokens by signing in with one; "
        "a service account's key in GOOGLE_ADS_JSON_KEY_FILE_PATH does instead of all three"
    ),
    "meta_ads": "make a system user's token with ads_read in Meta Business settings",
    "linkedin_ads": "make a token with r_ads and r_ads_reporting in the LinkedIn developer portal",
    "hubspot": "make a private app in HubSpot under Settings > Integrations",
    "salesforce": (
        "make a connected app with the client credentials flow in Salesforce under Setup > App Manager"
    ),
    "crm_sql": "it is a SQLAlchemy URL",
}


class Settings(ExplicitSettings):
    """Everything a run needs to know before it starts. Paths are absolute."""

    profile: Literal["sandbox", "live"] = Field(validation_alias="PAID_MEDIA_PROFILE")
    root: Path = Field(validation_alias="PAID_MEDIA_VAR")
    lake_uri: str = Field(validation_alias="PAID_MEDIA_LAKE")
    reports_dir: Path
    reports_url: str | None = Field(None, validation_alias="PAID_MEDIA_REPORTS_URL", pattern="^https?://")
    """Where people reach the reports folder in a browser, if somebody serves it."""
    drop_dir: Path = Field(validation_alias="PAID_MEDIA_DROP_DIR")
    fx_file: Path | None = Field(None, validation_alias=_RATES)
    reporting_currency: str = Field(
        "EUR", validation_alias="PAID_MEDIA_REPORTING_CURRENCY", pattern="^[A-Z]{3}$"
    )
    trailing_days: int | None = Field(None, validation_alias="PAID_MEDIA_TRAILING_DAYS", ge=1, le=90)
    ledger_url: SecretStr = Field(validation_alias="PAID_MEDIA_LEDGER")
    ledger_key: SecretStr | None = Field(None, validation_alias="PAID_MEDIA_LEDGER_KEY", min_length=64)
    """Signs what the ledger holds; hexadecimal. Without it the file's key does."""
    ledger_key_path: Path | None = Field(None, validation_alias="PAID_MEDIA_LEDGER_KEY_FILE")
    ledger_anchor: Path | None = Field(None, validation_alias="PAID_MEDIA_LEDGER_ANCHOR")
    policy_file: Path = Field(validation_alias="PAID_MEDIA_POLICY")
    approvers_file: Path = Field(validation_alias="PAID_MEDIA_APPROVERS_FILE")
    approvers: SecretStr | None = Field(None, validation_alias="PAID_MEDIA_APPROVERS")
    budgets_file: Path = Field(validation_alias="PAID_MEDIA_BUDGETS")
    has_named_budgets: bool = False
    """Whether somebody named the file; then it has to be there."""
    proxy_key: SecretStr | None = Field(None, validation_alias="PAID_MEDIA_PROXY_KEY", min_length=32)
    notify: SecretStr | None = Field(None, validation_alias="PAID_MEDIA_NOTIFY")
    notify_more: dict[str, SecretStr] = Field(default_factory=dict)
    """Addresses of the channels that policy.yaml names, by their variables:

    PAID_MEDIA_NOTIFY_CHAT and the like.
    """
    ui_url: str = Field(
        "http://127.0.0.1:3000", validation_alias="PAID_MEDIA_UI_URL", pattern="^https?://[^/]"
    )
    ui_hosts: str = Field("", validation_alias="PAID_MEDIA_UI_HOSTS")
    """Further names, with spaces between them, that may stand in the Host of a request to the UI."""
    google_ads: GoogleAdsSettings = GoogleAdsSettings()
    meta_ads: MetaAdsSettings = MetaAdsSettings()
    linkedin_ads: LinkedInAdsSettings = LinkedInAdsSettings()
    hubspot: HubSpotSettings = HubSpotSettings()
    salesforce: SalesforceSettings = SalesforceSettings()
    crm_sql: SqlSettings = SqlSettings()
    crm_files: Path | None = Field(None, validation_alias="CRM_FILES")

    @property
    def notify_addresses(self) -> dict[str, SecretStr]:
        """Every variable that holds addresses to tell people at."""
        return self.notify_more | ({_NOTIFY: self.notify} if self.notify else {})

    @property
    def readings_dir(self) -> Path:
        """Where readings of dropped files are kept, so that an unchanged file is not read again."""
        return self.root / self.profile / "dropped_readings"

    @property
    def kill_file(self) -> Path:
        """Where a file stops every write, whatever is in it."""
        return self.root / self.profile / "KILL"

    @property
    def ledger_key_file(self) -> Path:
        """Where the key that signs the ledger's decisions is kept: never in the repository, never in the
        database.
        """
        return self.ledger_key_path or self._secrets_folder / "ledger.key"

    @property
    def anchor_file(self) -> Path:
        """Where the head of the audit chain is copied to before every write."""
        return self.ledger_anchor or self._secrets_folder / "ledger.anchor"

    @property
    def _secrets_folder(self) -> Path:
        """The sandbox's secrets open nothing but the sandbox; real ones are kept out of the repository."""
        return self.root / "sandbox" if self.profile == "sandbox" else Path.home() / ".config" / "paid-media"

    @property
    def platforms(self) -> dict[str, PlatformSettings]:
        """Each platform's settings, by the platform's name in our tables."""
        return {"google_ads": self.google_ads, "meta_ads": self.meta_ads, "linkedin_ads": self.linkedin_ads}

    @property
    def crms(self) -> dict[str, PlatformSettings]:
        """Each CRM's settings, by the name of its field here."""
        return {"hubspot": self.hubspot, "salesforce": self.salesforce, "crm_sql": self.crm_sql}


def load_settings(
    env: Mapping[str, str] | None = None, *, project: Path = PROJECT, with_platforms: bool = True
) -> Settings:
    """Settings as they stand now; nothing is read at import and nothing is kept.

    Args:
        env: The whole environment. By default the real one, over the project's `.env`.
        project: The folder that holds `.env` and that relative paths start from.
        with_platforms: False for work on dropped files alone: no platform is configured and the sandbox need
            not run.

    Raises:
        SettingsWrong: A variable is missing, malformed or points at the wrong world; the sentence names it.
    """
    given, dotenv = (_set(os.environ), _read(project / ".env")) if env is None else (_set(env), {})
    profile = given.get("PAID_MEDIA_PROFILE") or dotenv.get("PAID_MEDIA_PROFILE") or "sandbox"
    sandbox = _read(_root(given, project) / SANDBOX_FILE) if profile == "sandbox" else {}
    beneath = (
        dotenv
        if profile == "live"
        else {name: sandbox[name] for name in sandbox if name == _RATES or name.startswith(_NOTIFY)}
    )
    given = beneath | given
    settings = _built(Settings, _placed(given, profile=profile, project=project))
    if not with_platforms:
        return settings
    if profile == "sandbox" and not sandbox:
        raise SettingsWrong(
            f"The sandbox is not running: {settings.root / SANDBOX_FILE} is not there. "
            "Start it with `python -m sandbox serve`, or set PAID_MEDIA_PROFILE=live to read real accounts."
        )
    if profile == "sandbox":
        keep_proxies_out()
    allowances = {name: value for name, value in given.items() if name.endswith("_CALLS_A_DAY")}
    credentials = sandbox | allowances if profile == "sandbox" else given
    systems = settings.platforms | settings.crms
    platforms = {name: _built(type(empty), credentials) for name, empty in systems.items()}
    for name, platform in platforms.items():
        _refuse_half_set(platform, where_to_get=_WHERE_TO_GET[name])
        _refuse_wrong_world(platform, profile=settings.profile)
    return settings.model_copy(update=platforms)


def _set(values: Mapping[str, str | None]) -> dict[str, str]:
    """Variables that hold something: an empty one, as in a copied `.env.example`, counts as not set."""
    return {name: value.strip() for name, value in values.items() if value and value.strip()}


def _read(path: Path) -> dict[str, str]:
    return _set(dotenv_values(path, interpolate=False)) if path.is_file() else {}


def _root(given: Mapping[str, str], project: Path) -> Path:
    return project / Path(given.get("PAID_MEDIA_VAR", "var")).expanduser()


def _placed(given: Mapping[str, str], *, profile: str, project: Path) -> dict[str, Any]:
    """The general variables with every place made absolute; a lake may also be a URI."""
    root = _root(given, project)
    places: dict[str, Any] = {
        "PAID_MEDIA_VAR": str(root),
        "PAID_MEDIA_LAKE": str(root / profile / "lake"),
        "PAID_MEDIA_DROP_DIR": str(root / profile / "drop"),
        "PAID_MEDIA_POLICY": str(project / "policy.yaml"),
        "PAID_MEDIA_BUDGETS": str(project / "budgets.yaml"),
        "PAID_MEDIA_LEDGER": f"sqlite:///{root / profile / 'ledger.db'}",
        # The sandbox's approvers open nothing but the sandbox; real ones are kept out of the repository.
        "PAID_MEDIA_APPROVERS_FILE": str(
            root / "sandbox" / "approvers.env"
            if profile == "sandbox"
            else Path.home() / ".config" / "paid-media" / "approvers.env"
        ),
    }
    if "PAID_MEDIA_LEDGER" in given:
        places["PAID_MEDIA_LEDGER"] = given["PAID_MEDIA_LEDGER"]
    for name in (
        "PAID_MEDIA_LAKE",
        "PAID_MEDIA_DROP_DIR",
        "PAID_MEDIA_POLICY",
        "PAID_MEDIA_BUDGETS",
        "PAID_MEDIA_APPROVERS_FILE",
        "PAID_MEDIA_LEDGER_KEY_FILE",
        "PAID_MEDIA_LEDGER_ANCHOR",
        _RATES,
        "CRM_FILES",
    ):
        if name in given:
            is_uri = name == "PAID_MEDIA_LAKE" and "://" in given[name]
            places[name] = given[name] if is_uri else str(project / Path(given[name]).expanduser())
    return {
        **given,
        **places,
        "PAID_MEDIA_PROFILE": profile,
        "reports_dir": root / profile / "reports",
        "has_named_budgets": "PAID_MEDIA_BUDGETS" in given,
        "notify_more": {name: value for name, value in given.items() if name.startswith(f"{_NOTIFY}_")},
    }


def _built(kind: type[_Kind], values: Mapping[str, Any]) -> _Kind:
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    # Outside the except clause: pydantic's error knows the value, which may be a secret, and must not become
    # the context.
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    raise SettingsWrong(
        f"{first['loc'][0]} is wrong: {reason[0].lower()}{reason[1:]}. See docs/configuration.md."
    )


def _refuse_half_set(platform: PlatformSettings, *, where_to_get: str) -> None:
    if platform.is_begun and (missing := platform.missing()):
        verb = "is" if len(missing) == 1 else "are"
        raise SettingsWrong(
            f"{', '.join(missing)} {verb} not set, and other settings of that platform are: {where_to_get}."
        )


def _refuse_wrong_world(platform: PlatformSettings, *, profile: str) -> None:
    """A credential never leaves for the wrong world: the sandbox's stays on this machine, a real one goes out
    over TLS.
    """
    for variable, endpoint in platform.endpoints().items() if platform.is_configured else ():
        if profile == "sandbox" and not is_loopback(endpoint):
            raise SettingsWrong(
                f"{variable} in the sandbox's file points away from this machine, which the sandbox profile"
                " never allows. Start the sandbox anew with `python -m sandbox serve`, or set"
                " PAID_MEDIA_PROFILE=live."
            )
        if profile == "live" and is_loopback(endpoint):
            raise SettingsWrong(
                f"{variable} points at this machine, where real credentials have no business. "
                "Unset it, or set PAID_MEDIA_PROFILE=sandbox."
            )
        if profile == "live" and endpoint.lower().startswith("http:"):
            raise SettingsWrong(f"{variable} would send credentials in clear text. Use an https:// address.")
