"""The proxy's word counts when its key signed it, for a while, and never otherwise."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from orchestration.instance.signed_launches import signed_person
from resources.config.settings import PROJECT
from tests.actions.made import AT

KEY = "a key of thirty-two characters!!"


def token(person: str, *, seconds: float = 60, key: str = KEY) -> str:
    told = {"person": person, "until": (AT + timedelta(seconds=seconds)).timestamp()}
    body = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
    return f"{body}.{hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()}"


def test_a_signed_header_names_the_person() -> None:
    assert signed_person(token("alice"), KEY, at=AT) == "alice"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "alice",
        ".",
        token("alice", key="another"),
        token("alice", seconds=-1),
        token("alice")[:-1] + "x",
        "x" + token("alice"),
    ],
)
def test_anything_else_names_nobody(wrong: str) -> None:
    assert signed_person(wrong, KEY, at=AT) is None


def test_the_production_settings_are_dagsters_own_words() -> None:
    from dagster._core.instance.config import dagster_instance_config_schema

    given = yaml.safe_load((PROJECT / Path("deploy", "dagster.yaml")).read_text("utf-8"))
    assert set(given) <= set(dagster_instance_config_schema())
    assert given["storage"]["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
