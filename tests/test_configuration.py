"""docs/configuration.md and .env.example name exactly the variables that are read, with the defaults they
have.
"""

import re
from typing import Any

from dotenv import dotenv_values

from resources.config.credentials import (
    GoogleAdsSettings,
    HubSpotSettings,
    LinkedInAdsSettings,
    MetaAdsSettings,
    SalesforceSettings,
    SqlSettings,
)
from resources.config.settings import PROJECT, Settings

KINDS: tuple[Any, ...] = (
    Settings,
    GoogleAdsSettings,
    MetaAdsSettings,
    LinkedInAdsSettings,
    HubSpotSettings,
    SalesforceSettings,
    SqlSettings,
)


def variables() -> set[str]:
    """Every environment variable that settings are read from."""
    return {
        str(f.validation_alias) for kind in KINDS for f in kind.model_fields.values() if f.validation_alias
    }


def documented() -> dict[str, str]:
    """Variable and default, as the tables of docs/configuration.md have them."""
    text = (PROJECT / "docs" / "configuration.md").read_text("utf-8")
    return dict(re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]*) \|", text, flags=re.MULTILINE))


def test_every_variable_is_documented_and_every_documented_variable_is_read() -> None:
    assert set(documented()) == variables()


def test_the_documented_defaults_are_the_defaults() -> None:
    for kind in KINDS:
        for field in kind.model_fields.values():
            if field.validation_alias and field.default and isinstance(field.default, str | int):
                assert documented()[field.validation_alias].strip() == f"`{field.default}`"


def test_the_example_file_names_every_variable_and_sets_no_credential() -> None:
    text = (PROJECT / ".env.example").read_text("utf-8")
    assert set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, flags=re.MULTILINE)) == variables()
    assert {name for name, value in dotenv_values(PROJECT / ".env.example").items() if value} == {
        "PAID_MEDIA_PROFILE"
    }
