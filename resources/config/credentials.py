"""What each platform needs to let us in, under the names its official client already uses where it has one.

A platform with nothing set is simply not used. One that is partly set is a mistake, and `missing` names what
it lacks.
"""

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from resources.errors import SettingsWrong


class ExplicitSettings(BaseSettings):
    """Settings made of what they are handed and nothing else: the environment is never read behind the
    caller's back.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Any, *others: Any, **named: Any
    ) -> tuple[Any, ...]:
        del settings_cls, others, named
        return (init_settings,)


def _ids(given: Any) -> Any:
    """Ids from "123-456-7890, act_17": text, without the platforms' dashes and prefixes."""
    if not isinstance(given, str):
        return given
    ids = [part.strip().removeprefix("act_").replace("-", "") for part in given.split(",") if part.strip()]
    if not all(account_id.isdecimal() for account_id in ids):
        raise ValueError("it holds something that is not an account number; several are separated by commas")
    return tuple(ids)


def _one_id(given: Any) -> Any:
    ids = _ids(given)
    if isinstance(given, str) and len(ids) != 1:
        raise ValueError("it should hold one account number")
    return ids[0] if isinstance(given, str) else given


AccountId = Annotated[str, BeforeValidator(_one_id)]
AccountIds = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_ids)]
KeptFile = Annotated[Path, BeforeValidator(lambda given: Path(given).expanduser())]


class PlatformSettings(ExplicitSettings):
    """What the three platforms have in common."""

    ways_in: ClassVar[tuple[tuple[str, ...], ...]]
    """Sets of fields of which one must be complete, the usual one first."""
    extras: ClassVar[tuple[str, ...]] = ("accounts",)
    """Fields that nobody sets without meaning to use the platform."""

    calls_a_day: int | None = None
    """Calls the platform allows the login in a day, None where it counts otherwise or does not say."""

    @property
    def is_configured(self) -> bool:
        """True where the platform can be called."""
        return not self.missing()

    @property
    def is_begun(self) -> bool:
        """True where somebody set something, so that leaving it out would be a surprise."""
        return any(getattr(self, name) for name in {*sum(self.ways_in, ()), *self.extras})

    def missing(self) -> list[str]:
        """Environment variables still needed before the platform can be called, by the way in that was begun."""
        begun = max(self.ways_in, key=lambda way: sum(bool(getattr(self, name)) for name in way))
        if any(all(getattr(self, name) for name in way) for way in self.ways_in):
            return []
        return [self.variable(name) for name in begun if not getattr(self, name)]

    def endpoints(self) -> dict[str, str]:
        """Where credentials will be sent, by the variable that says so."""
        return {
            self.variable(name): getattr(self, name)
            for name in type(self).model_fields
            if name.endswith("_url") and getattr(self, name)
        }

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable a field is read from."""
        return str(cls.model_fields[field].validation_alias)


class GoogleAdsSettings(PlatformSettings):
    """A Google Ads login: a client with a refresh token, or a service account's key file."""

    ways_in = (("client_id", "client_secret", "refresh_token"), ("json_key_file_path",))
    extras = ("developer_token", "login_customer_id", "accounts")

    client_id: str | None = Field(None, validation_alias="GOOGLE_ADS_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, validation_alias="GOOGLE_ADS_CLIENT_SECRET")
    refresh_token: SecretStr | None = Field(None, validation_alias="GOOGLE_ADS_REFRESH_TOKEN")
    json_key_file_path: KeptFile | None = Field(None, validation_alias="GOOGLE_ADS_JSON_KEY_FILE_PATH")
    developer_token: SecretStr | None = Field(None, validation_alias="GOOGLE_ADS_DEVELOPER_TOKEN")
    login_customer_id: AccountId | None = Field(None, validation_alias="GOOGLE_ADS_LOGIN_CUSTOMER_ID")
    accounts: AccountIds = Field((), validation_alias="GOOGLE_ADS_ACCOUNTS")
    endpoint: str = Field("googleads.googleapis.com", validation_alias="GOOGLE_ADS_ENDPOINT")
    token_url: str = Field("https://oauth2.googleapis.com/token", validation_alias="GOOGLE_ADS_TOKEN_URL")
    data_manager_url: str = Field(
        "https://datamanager.googleapis.com/v1", validation_alias="GOOGLE_DATA_MANAGER_URL"
    )
    api_version: str = Field("v26", validation_alias="GOOGLE_ADS_API_VERSION", pattern=r"^v\d+$")
    ca_file: KeptFile | None = Field(None, validation_alias="GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
    calls_a_day: int | None = Field(15_000, validation_alias="GOOGLE_ADS_CALLS_A_DAY", ge=1)

    def endpoints(self) -> dict[str, str]:
        """The API, and the token endpoint of each way in that was begun: a key file names its own."""
        urls = {self.variable("endpoint"): self.endpoint}
        if self.json_key_file_path:
            urls[self.variable("json_key_file_path")] = _token_url(self.json_key_file_path)
        if self.refresh_token:
            urls[self.variable("token_url")] = self.token_url
        urls[self.variable("data_manager_url")] = self.data_manager_url
        return urls


class MetaAdsSettings(PlatformSettings):
    """A Meta access token, with the app it was made for where calls must be signed."""

    ways_in = (("access_token",),)
    extras = ("app_id", "app_secret", "accounts")

    access_token: SecretStr | None = Field(None, validation_alias="META_ACCESS_TOKEN")
    app_id: str | None = Field(None, validation_alias="META_APP_ID")
    app_secret: SecretStr | None = Field(None, validation_alias="META_APP_SECRET")
    accounts: AccountIds = Field((), validation_alias="META_ACCOUNTS")
    calls_a_day: int | None = Field(None, validation_alias="META_CALLS_A_DAY", ge=1)
    graph_url: str = Field("https://graph.facebook.com", validation_alias="META_GRAPH_URL")
    api_version: str = Field("v26.0", validation_alias="META_API_VERSION", pattern=r"^v\d+\.\d+$")


class LinkedInAdsSettings(PlatformSettings):
    """A LinkedIn access token, or an approved app with a refresh token that yields one."""

    ways_in = (("access_token",), ("client_id", "client_secret", "refresh_token"))

    access_token: SecretStr | None = Field(None, validation_alias="LINKEDIN_ACCESS_TOKEN")
    client_id: str | None = Field(None, validation_alias="LINKEDIN_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, validation_alias="LINKEDIN_CLIENT_SECRET")
    refresh_token: SecretStr | None = Field(None, validation_alias="LINKEDIN_REFRESH_TOKEN")
    accounts: AccountIds = Field((), validation_alias="LINKEDIN_ACCOUNTS")
    calls_a_day: int | None = Field(None, validation_alias="LINKEDIN_CALLS_A_DAY", ge=1)
    api_url: str = Field("https://api.linkedin.com/rest", validation_alias="LINKEDIN_API_URL")
    oauth_url: str = Field("https://www.linkedin.com/oauth/v2", validation_alias="LINKEDIN_OAUTH_URL")
    api_version: str = Field("202610", validation_alias="LINKEDIN_VERSION", pattern=r"^20\d{4}$")


class HubSpotSettings(PlatformSettings):
    """A private app's token at HubSpot."""

    ways_in = (("access_token",),)
    extras = ()

    access_token: SecretStr | None = Field(None, validation_alias="HUBSPOT_ACCESS_TOKEN")
    api_url: str = Field("https://api.hubapi.com", validation_alias="HUBSPOT_API_URL")


class SalesforceSettings(PlatformSettings):
    """A connected app at Salesforce that logs in by its client credentials."""

    ways_in = (("client_id", "client_secret", "login_url"),)
    extras = ()

    client_id: str | None = Field(None, validation_alias="SALESFORCE_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, validation_alias="SALESFORCE_CLIENT_SECRET")
    login_url: str | None = Field(None, validation_alias="SALESFORCE_LOGIN_URL")
    api_version: str = Field("62.0", validation_alias="SALESFORCE_API_VERSION", pattern=r"^\d+\.\d$")


class SqlSettings(PlatformSettings):
    """A database that holds customers and orders, by its SQLAlchemy URL."""

    ways_in = (("database",),)
    extras = ()

    database: SecretStr | None = Field(None, validation_alias="CRM_SQL_URL")


def _token_url(key_file: Path) -> str:
    """Where a service account's key file says its tokens come from."""
    try:
        return str(json.loads(key_file.read_text("utf-8"))["token_uri"])
    except OSError:
        problem = "cannot be read"
    except (ValueError, KeyError, TypeError):
        problem = "is not a service account's key"
    # Outside the except clauses: a JSON error carries the whole file, private key included, and must not
    # become the context.
    raise SettingsWrong(
        f"GOOGLE_ADS_JSON_KEY_FILE_PATH names {key_file}, which {problem}. "
        "Create a JSON key in the Google Cloud console, under IAM > Service accounts > Keys."
    )
