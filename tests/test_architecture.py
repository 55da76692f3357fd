"""Who may import whom, what pure files may not know, and that nothing asks which world it is in
(docs/architecture.md).
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"assets.partitions", "assets.automation", "assets.formatting", "assets.frame_contract"}
LAYERS = ("raw", "core", "segments", "signals", "actions", "reports")
"""The layers of the asset graph, each of which may import the ones before it."""
MAY_IMPORT = {  # longest prefix wins
    "assets.partitions": set(),
    "assets.automation": set(),
    "assets.formatting": {"assets.formatting", "resources"},
    "assets.frame_contract": {"resources"},
    **{
        f"assets.{layer}": {f"assets.{lower}" for lower in LAYERS[: rank + 1]} | GROUND | {"resources"}
        for rank, layer in enumerate(LAYERS)
    },
    "assets": set(),
    "resources": {"resources"},
    "sandbox": {"sandbox"},
    "sensors": {"assets", "resources", "sensors"},
    "orchestration": {"assets", "orchestration", "resources", "sensors"},
}
OURS = {"assets", "benchmarks", "orchestration", "resources", "sandbox", "sensors", "tests"}
PROGRAM = ("assets", "orchestration", "resources", "sensors", "sandbox", "benchmarks")
REFUSED_MODULES = set(
    "deeds door desk figures helpers kept known places standing told utils watch words".split()  # noqa: SIM905 — a word list
)
"""Module names that do not say what is inside: figurative, or the name of no subject."""
REFUSED_LOCALS = set("asked found kept known made one own place said thing told".split())  # noqa: SIM905 — a word list
MOST_REFUSED_LOCALS = 0.03
SLOW_SDKS = ("google.ads", "facebook_business")
KNOW_DAGSTER = {"assets.py", "checks.py", "automation.py", "partitions.py"}
READ_THE_LAKE = {
    "inputs.py",
    "audience_writers.py",
    "point_in_time.py",
    "pull.py",
    "reading_totals.py",
    "watch.py",
}
"""Files that read tables for an asset; like the assets themselves they are no arithmetic."""
OUTSIDE_WORLD = {"dagster", "logging", "os", "requests", "socket", "sqlite3", "subprocess", "time"}
CLOCK_CALLS = {"now", "today", "utcnow"}


@dataclass(frozen=True)
class Import:
    """One imported module or name, and whether it happens when the importing module is loaded."""

    name: str
    at_load: bool
    line: int


def imports(code: str) -> list[Import]:
    """Every import of `code`. `from a import b` counts as a.b, since b may be a module."""
    return sorted(set(_imports(ast.parse(code), at_load=True)), key=lambda found: found.line)


def _imports(node: ast.AST, *, at_load: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, at_load, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports are written in full"
        yield from (Import(f"{node.module}.{alias.name}", at_load, node.lineno) for alias in node.names)
    is_inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, at_load=at_load and not is_inside)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def forbidden_imports(module: str, code: str) -> list[str]:
    """Imports of ours that the layer of `module` may not make."""
    layers = [prefix for prefix in MAY_IMPORT if is_within(module, prefix)]
    allowed = MAY_IMPORT[max(layers, key=len)]
    ours = [imported for imported in imports(code) if imported.name.split(".")[0] in OURS]
    return [
        f"{module}:{i.line} imports {i.name}"
        for i in ours
        if not any(is_within(i.name, may) for may in allowed)
    ]


def impurities(code: str) -> list[str]:
    """What a pure file may not have: Dagster, the environment, a logger, a connection, the clock."""
    problems = [f"line {i.line}: {i.name}" for i in imports(code) if i.name.split(".")[0] in OUTSIDE_WORLD]
    problems += [
        f"line {i.line}: {i.name}" for i in imports(code) if is_within(i.name, "resources.lake.lake")
    ]
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    clocks = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in CLOCK_CALLS]
    opened = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "open"]
    return problems + [f"line {call.lineno}: {ast.unparse(call.func)}()" for call in clocks + opened]


def questions_about_the_world(code: str) -> list[str]:
    """Names and texts in `code`, docstrings aside, that could tell the sandbox from the real platforms."""
    tree = ast.parse(code)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    problems = []
    for node in ast.walk(tree):
        words = [value for _, value in ast.iter_fields(node) if isinstance(value, str)]
        if id(node) not in docstrings and any(_asks(word) for word in words):
            problems.append(f"line {getattr(node, 'lineno', 0)}: {words[0]}")
        if any(isinstance(part, ast.Attribute) and part.attr == "profile" for part in _decided_on(node)):
            problems.append(f"line {getattr(node, 'lineno', 0)}: a decision on the profile")
    return problems


def _decided_on(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of the expression that a branch or comparison turns on.

    Handing a profile on to be shown is none.
    """
    turning = node if isinstance(node, ast.Compare) else getattr(node, "test", getattr(node, "subject", None))
    return ast.walk(turning) if turning is not None else iter(())


def _asks(word: str) -> bool:
    return any(part in word.lower() for part in ("sandbox", "loopback", "localhost", "127.0.0.1"))


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@cache
def modules() -> dict[str, str]:
    """Code of each module of ours, by its dotted name."""
    paths = [path for package in sorted(OURS) for path in (ROOT / package).rglob("*.py")]
    dotted = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): path.read_text("utf-8") for name, path in dotted.items()}


def layer(*packages: str) -> dict[str, str]:
    return {
        name: code
        for name, code in modules().items()
        if any(is_within(name, package) for package in packages)
    }


def pure_modules() -> dict[str, str]:
    wired = {name.removesuffix(".py") for name in KNOW_DAGSTER | READ_THE_LAKE}
    return {name: code for name, code in layer("assets").items() if name.split(".")[-1] not in wired}


def test_every_import_follows_the_layers() -> None:
    ruled = layer(*MAY_IMPORT)
    assert [line for name, code in ruled.items() for line in forbidden_imports(name, code)] == []


def test_a_file_in_assets_knows_dagster_or_does_arithmetic() -> None:
    assert {name: problems for name, code in pure_modules().items() if (problems := impurities(code))} == {}


def test_no_module_loads_a_platform_client() -> None:
    loaded = [
        f"{name}:{i.line} {i.name}"
        for name, code in layer("assets", "orchestration", "resources", "sensors").items()
        for i in imports(code)
        if i.at_load and any(is_within(i.name, sdk) for sdk in SLOW_SDKS)
    ]
    assert loaded == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    by_name = modules()
    graph = {
        name: {
            home for i in imports(code) if i.at_load and (home := _home(i.name, by_name)) not in {None, name}
        }
        for name, code in by_name.items()
    }
    assert circle(graph) == []


def folder_of(module: str, packages: set[str]) -> str:
    """The folder whose imports are held against others: a file beside subfolders counts as a folder of its
    own.
    """
    if module in packages:
        return module
    parent = module.rpartition(".")[0]
    has_subfolders = any(package.rpartition(".")[0] == parent for package in packages)
    return module if has_subfolders else parent


def test_no_folders_import_each_other_in_a_circle() -> None:
    by_name = {name: code for name, code in modules().items() if not is_within(name, "tests")}
    packages = {name for name in by_name if (ROOT / Path(*name.split("."))).is_dir()}
    graph: dict[str, set[str]] = {}
    for name, code in by_name.items():
        folder = folder_of(name, packages)
        homes = {home for i in imports(code) if (home := _home(i.name, by_name))}
        graph.setdefault(folder, set()).update({folder_of(home, packages) for home in homes} - {folder})
    assert circle(graph) == []


def test_every_asset_is_defined_under_the_folder_of_its_layer() -> None:
    modules_by_key: dict[str, str] = {}
    for name in layer("assets"):
        if name.split(".")[-1] == "assets" and name != "assets":
            definitions = dg.load_assets_from_modules([import_module(name)], include_specs=True)
            for definition in definitions:
                keys = definition.keys if isinstance(definition, dg.AssetsDefinition) else [definition.key]
                modules_by_key.update((key.to_user_string(), name) for key in keys)
    assert {
        key: name for key, name in modules_by_key.items() if key.split("/")[0] != name.split(".")[1]
    } == {}
    assert set(modules_by_key) == {spec.key.to_user_string() for spec in defs().resolve_all_asset_specs()}


def test_no_module_has_a_name_that_does_not_say_what_is_inside() -> None:
    assert [name for name in layer(*PROGRAM) if name.split(".")[-1] in REFUSED_MODULES] == []


def test_no_two_classes_of_the_program_share_a_name() -> None:
    homes: dict[str, list[str]] = {}
    for name, code in layer("assets", "orchestration", "resources", "sensors").items():
        for node in ast.parse(code).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_local_names_say_what_they_hold() -> None:
    names = [name for code in layer(*PROGRAM).values() for name in local_names(code)]
    refused = [name for name in names if name in REFUSED_LOCALS]
    assert len(refused) <= MOST_REFUSED_LOCALS * len(names), f"{len(refused)} of {len(names)}"


def local_names(code: str) -> Iterator[str]:
    """Parameters and assigned names of every function, each once per function."""
    for function in ast.walk(ast.parse(code)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = function.args
            named = {a.arg for a in (*arguments.args, *arguments.kwonlyargs, *arguments.posonlyargs)}
            stored = {
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            yield from named | stored


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(a, *, b):\n    c = a\n    return c", {"a", "b", "c"}),
        ("total = sum(lambda one: one)", {"one"}),
        ("def f():\n    return [found for found in ()]", {"found"}),
    ],
)
def test_local_names_are_parameters_and_assignments(code: str, names: set[str]) -> None:
    assert set(local_names(code)) == names


def _home(name: str, by_name: dict[str, str]) -> str | None:
    return next((candidate for candidate in (name, name.rpartition(".")[0]) if candidate in by_name), None)


def test_nothing_asks_whether_it_talks_to_the_sandbox() -> None:
    checked = layer("assets", "sensors", "resources.platforms")
    assert {
        name: problems for name, code in checked.items() if (problems := questions_about_the_world(code))
    } == {}


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("resources.lake.lake", "import assets.core.fx.rates"),
        ("assets.core.fx.assets", "from orchestration import jobs"),
        ("assets.core.fx.assets", "def f():\n    from orchestration.jobs import daily"),
        ("assets.core.fx.assets", "import sensors"),
        ("assets.core.fx.assets", "from sandbox.world import World"),
        ("orchestration.cli.main", "from sandbox.serve import serve"),
        ("assets.partitions", "from resources.errors import SettingsWrong"),
        ("sandbox.google", "from resources.errors import PlatformBusy"),
        ("sensors.failures", "from tests.test_settings import SECRET"),
    ],
)
def test_an_import_against_the_layers_is_found(module: str, line: str) -> None:
    assert len(forbidden_imports(module, line)) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("assets.core.fx.assets", "from assets.partitions import days"),
        ("sensors.automation", "from assets import automation"),
        ("orchestration.definitions", "from sensors.automation import automation"),
        ("resources.lake.lake", "import assetsabc"),
    ],
)
def test_an_import_along_the_layers_passes(module: str, line: str) -> None:
    assert forbidden_imports(module, line) == []


@pytest.mark.parametrize(
    "line",
    [
        "import dagster as dg",
        "def f():\n    import os.path",
        "from resources.lake.lake import Lake",
        "day = date.today()",
        "rows = open('rows.csv')",
    ],
)
def test_an_impure_line_is_found(line: str) -> None:
    assert len(impurities(line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "if is_sandbox: pass",
        "settings.sandbox",
        "x = 'SANDBOX'",
        "y = settings.profile == 'live'",
        "x = 1 if settings.profile else 2",
        "f(sandbox=1)",
        "'127.0.0.1' in url",
    ],
)
def test_a_question_about_the_world_is_found(line: str) -> None:
    assert questions_about_the_world(line)


@pytest.mark.parametrize("line", ['"""Also against the sandbox."""', "page(profile=settings.profile)"])
def test_speaking_of_a_world_is_no_question(line: str) -> None:
    assert questions_about_the_world(line) == []


def test_a_circle_is_found_and_a_late_import_breaks_it() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not imports("def f():\n    import b")[0].at_load
    assert imports("class A:\n    import b")[0].at_load
