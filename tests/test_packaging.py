"""The install: our own modules and nobody else's, one dagster release, every promised library, nothing slow
at load.
"""

import importlib
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DEPENDENCIES = {r.name: r for r in map(Requirement, PROJECT["project"]["dependencies"])}
PROMISED = {
    "dagster",
    "dagster-webserver",
    "dagster-postgres",
    "google-ads",
    "facebook-business",
    "requests",
    "pandas",
    "duckdb",
    "deltalake",
    "pydantic",
    "pydantic-settings",
    "tenacity",
}


@pytest.mark.parametrize("name", ["assets", "resources", "sensors", "orchestration", "sandbox", "benchmarks"])
def test_our_ordinary_names_are_imported_from_this_checkout(name: str) -> None:
    folders = importlib.import_module(name).__file__
    assert folders is not None
    assert Path(folders).resolve() == ROOT / name / "__init__.py"


def test_every_package_of_ours_is_listed_for_the_install() -> None:
    here = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == here
    assert set(PROJECT["tool"]["mypy"]["packages"]) == here


def test_the_promised_libraries_are_dependencies() -> None:
    assert set(DEPENDENCIES) >= PROMISED


def test_what_is_installed_is_what_is_asked_for() -> None:
    assert {
        name: version(name) for name, r in DEPENDENCIES.items() if not r.specifier.contains(version(name))
    } == {}


def test_the_lock_pins_what_is_installed_and_asked_for() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    locked = [Requirement(line.removesuffix("\\")) for line in lines if not line.startswith(" ")]
    pins = {r.name: str(r.specifier)[2:] for r in locked if r.marker is None or r.marker.evaluate()}
    assert {
        name: (pins.get(name), version(name)) for name in DEPENDENCIES if pins.get(name) != version(name)
    } == {}


def test_the_dagster_family_is_one_patch_release() -> None:
    core = Version(version("dagster"))
    family = {name for name in DEPENDENCIES if name.startswith("dagster")}
    # dagster and its web parts are X.Y.Z, the integrations 0.(Y+16).Z.
    wanted = {core, Version(f"0.{core.minor + 16}.{core.micro}")}
    assert {Version(version(name)) for name in family} == wanted
    assert all(str(DEPENDENCIES[name].specifier).startswith("==") for name in family)


def test_the_definitions_load_without_any_platform_client() -> None:
    code = (
        "import sys; from orchestration.definitions import defs; defs(); "
        "print(sorted(m for m in sys.modules if m == 'facebook_business' or m.startswith('google.ads')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (answer.stdout.strip(), answer.returncode) == ("[]", 0), answer.stderr


def test_dagster_s_ui_and_its_command_line_load_the_same_location() -> None:
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text("utf-8"))["load_from"]
    tool = PROJECT["tool"]
    assert location["python_module"]["module_name"] == tool["dagster"]["module_name"]
    assert location["python_module"]["location_name"] == tool["dagster"]["code_location_name"]


def test_no_recipe_is_longer_than_three_lines() -> None:
    recipes = re.findall(
        r"^(\S+):.*\n((?:\t.*\n?)+)", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE
    )
    assert {"demo", "dev", "test"} <= {target for target, _ in recipes}
    assert [target for target, recipe in recipes if recipe.count("\t") > 3] == []


def test_ci_runs_what_a_contributor_runs() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert run.read_text("utf-8").rstrip().endswith("make --no-print-directory test")
