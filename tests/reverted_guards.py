"""Takes back one safeguard at a time in a scratch copy of the project and sees that its test fails.

A test that passes without the code it is for proves nothing. `tests.safeguards` names each safeguard, the
text that makes it, what stood there before it, and the tests that have to fail then. All of these tests have
to pass on the untouched copy first. Nothing of the working tree is changed.

    python -m tests.reverted_guards                    # all of them
    python -m tests.reverted_guards origin             # those whose name begins so
    python -m tests.reverted_guards --log var/guards   # goes on where an earlier run with this file stopped
"""

import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path

import click

from tests.safeguards import SAFEGUARDS
from tests.safeguards.safeguard import Safeguard

LIBRARIES = (
    "dagster",
    "deltalake",
    "duckdb",
    "facebook_business.session",
    "google.ads.googleads.client",
    "hypothesis",
    "playwright.sync_api",
    "pandas",
    "pydantic_settings",
    "pytest",
    "scipy.stats",
    "sqlalchemy",
    "starlette.applications",
    "uvicorn",
)
"""What the tests take longest to import."""
PROJECT = Path(__file__).resolve().parent.parent


class NotProven(Exception):
    """A safeguard whose test does not notice that it is gone, or that is not where it is said to be."""


def copy_of_project(folder: Path) -> None:
    """The tracked files and the new ones that are not ignored, in a folder of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)


def passes(folder: Path, tests: str) -> bool:
    """Whether these tests pass in the copy, on the copy's own code, in a process forked from this one, which
    has the libraries imported and nothing of the project but this file.
    """
    output = folder.parent / "output"
    child = os.fork()
    if child == 0:
        try:
            os._exit(run_tests(folder, tests, output))
        except BaseException:  # noqa: BLE001 — nothing of the parent may run on in here
            traceback.print_exc()
            os._exit(4)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in {0, 1}:
        raise NotProven(f"pytest could not run {tests} (exit {code}):\n{output.read_text('utf-8')[-2000:]}")
    return code == 0


def run_tests(folder: Path, tests: str, output: Path) -> int:
    """Run pytest in this process; its exit code."""
    with output.open("w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.chdir(folder)
    os.environ |= {"PYTHONPATH": str(folder)}  # for the processes that tests start
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    import pytest

    words = ["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore:Module already imported"]
    return int(pytest.main([*words, *tests.split()]))


def check(folder: Path, safeguard: Safeguard) -> None:
    """Take the safeguard back, see its tests fail, and put it there again.

    Raises:
        NotProven: The tests pass without it, or its text is not there exactly once.
    """
    file = folder / safeguard.file
    whole = file.read_text("utf-8")
    if whole.count(safeguard.text) != 1:
        raise NotProven(
            f"{safeguard.name}: its text stands {whole.count(safeguard.text)} times in {safeguard.file}, not once"
        )
    file.write_text(whole.replace(safeguard.text, safeguard.before), "utf-8")
    try:
        if passes(folder, safeguard.tests):
            raise NotProven(f"{safeguard.name}: {safeguard.tests} passes without it")
    finally:
        file.write_text(whole, "utf-8")


def is_needed(folder: Path, safeguard: Safeguard) -> bool:
    """Whether the tests of a safeguard fail without it; says which."""
    try:
        check(folder, safeguard)
    except NotProven as error:
        click.echo(f"NOT PROVEN         {error}")
        return False
    click.echo(f"fails without it   {safeguard.name}")
    return True


@click.command()
@click.argument("prefixes", nargs=-1)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Names of the safeguards that were proven; those in it already are left out.",
)
def main(prefixes: tuple[str, ...], log: Path | None) -> None:
    """Take back the safeguards whose name begins with one of PREFIXES, or all of them."""
    chosen = [guard for guard in SAFEGUARDS if not prefixes or guard.name.startswith(prefixes)]
    proven = set(log.read_text("utf-8").split()) if log and log.exists() else set()
    left = [guard for guard in chosen if guard.name not in proven]
    unproven = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        copy_of_project(folder)
        for name in LIBRARIES:
            import_module(name)
        os.environ.setdefault("PAID_MEDIA_TEST_FIGURES", str(Path(scratch) / "figures"))
        tests = sorted({safeguard.tests for safeguard in left})
        if left and not passes(folder, " ".join(tests)):
            output = (folder.parent / "output").read_text("utf-8")
            raise click.ClickException(f"Not all tests pass before anything is taken back:\n{output[-2000:]}")
        for safeguard in left:
            if not is_needed(folder, safeguard):
                unproven += 1
            elif log:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"{safeguard.name}\n")
    click.echo(f"{len(chosen) - unproven} of {len(chosen)} safeguards are needed by their tests.")
    sys.exit(1 if unproven else 0)


if __name__ == "__main__":
    main()
