"""What may never be committed: secrets, this machine's paths, download addresses, unfinished work, generated
files.

The patterns are written so that they do not match themselves, and the samples below are put together for the
same reason.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECRETS = (
    r"ya29\.[\w-]{20,}",  # Google access token
    r"\b1//0[\w-]{20,}",  # Google refresh token
    r"GOCSPX-[\w-]{20,}",  # Google client secret
    r"\bAIza[\w-]{35}",  # Google API key
    r"\bEAA[A-Za-z0-9]{60,}",  # Meta access token
    r"\bAQ[A-Za-z0-9_-]{100,}",  # LinkedIn tokens
    r"WPL_AP1\.[\w.=+/]{16,}",  # LinkedIn client secret
    r"\bpat-[a-z]{2}\d-[0-9a-f]{8}-",  # HubSpot token
    r"\bAKIA[0-9A-Z]{16}\b",  # cloud access key
    r"\bgh[pousr]_\w{36}",  # code host token
    r"\bxox[abps]-[\w-]{10,}",  # chat token
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
)
MACHINE_PATHS = r"(?<![\w.})-])/(?:work|home|root|tmp|Users)/"
UNFINISHED = (
    r"\b(?:T[O]DO|FIX[M]E|X{3}|NotImplemented[E]rror)\b",
    r"\bmark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\b|unittest\.skip",
    r"pragma: no cove[r]",
    r"# type: ignor[e](?!\[[a-z])",
    r"# noq[a](?!: ?[A-Z])",
)
LOCK_LINE = re.compile(
    r"[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,-]+\])?==[\w.!+]+(?: ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
)
DOWNLOADS = r"--(?:extra-)?index-ur[l]|--find-link[s]|--trusted-hos[t]|pythonhosted\.|pypi\.[a-z]"
GENERATED = (
    r"^var/|^build/|\.egg-info/|__pycache__|\.(?:parquet|pyc|duckdb|sqlite3?|db|pem|key|log)$|(?:^|/)\.env$"
)
TEXT_ENDINGS = {
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".html",
    ".css",
    ".js",
    ".lock",
    ".sh",
    ".txt",
    ".example",
    "",
}
LONGEST_MODULE, LARGEST_FILE = 500, 400_000


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or could be by `git add`, relative to the root."""
    listing = [
        "git",
        "-c",
        f"safe.directory={ROOT}",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]
    answer = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True)
    paths = {Path(name) for name in answer.stdout.split("\0") if name}
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


@cache
def texts() -> dict[str, str]:
    chosen = [path for path in files() if path.suffix in TEXT_ENDINGS]
    return {path.as_posix(): (ROOT / path).read_text("utf-8") for path in chosen}


def found(pattern: str, *, among: dict[str, str]) -> list[str]:
    """Where `pattern` stands, as file:line, without repeating what it matched."""
    return [
        f"{name}:{number}"
        for name, text in among.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(pattern, line)
    ]


def test_there_is_something_to_look_at() -> None:
    assert {"pyproject.toml", "Makefile", "resources/errors.py", "tests/test_hygiene.py"} <= set(texts())


@pytest.mark.parametrize("pattern", SECRETS)
def test_no_secret_is_committed(pattern: str) -> None:
    assert found(pattern, among=texts()) == []


def test_no_path_of_one_machine_is_committed() -> None:
    assert found(MACHINE_PATHS, among=texts()) == []


@pytest.mark.parametrize("pattern", UNFINISHED)
def test_no_work_is_left_unfinished_or_silenced(pattern: str) -> None:
    assert found(pattern, among=texts()) == []


def test_the_lock_holds_names_versions_and_hashes_only() -> None:
    lock = texts()["requirements.lock"].splitlines()
    assert [number for number, line in enumerate(lock, start=1) if not LOCK_LINE.fullmatch(line)] == []
    assert len(lock) > 100


def test_nothing_says_where_packages_are_downloaded_from() -> None:
    assert found(DOWNLOADS, among=texts()) == []


def test_no_module_is_longer_than_500_lines() -> None:
    lengths = {name: text.count("\n") for name, text in texts().items() if name.endswith(".py")}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_file_is_larger_than_400_kilobytes() -> None:
    sizes = {path.as_posix(): (ROOT / path).stat().st_size for path in files()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE} == {}


def test_no_generated_file_is_committed() -> None:
    names = [path.as_posix() for path in files()]
    assert [name for name in names if re.search(GENERATED, name)] == []
    assert [
        name for name in names if name.endswith((".csv", ".xlsx")) and not name.startswith("tests/")
    ] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = {name: text for name, text in texts().items() if name.endswith(".md")}
    links = [(name, link) for name, text in pages.items() for link in re.findall(r"\]\(([^)#\s]+)", text)]
    assert [
        (n, link) for n, link in links if "://" not in link and not (ROOT / n).parent.joinpath(link).exists()
    ] == []
    assert links


@pytest.mark.parametrize(
    ("patterns", "sample"),
    [
        (SECRETS, "ya29." + "a" * 30),
        (SECRETS, "token: EAA" + "B9" * 40),
        (SECRETS, "-----BEGIN RSA " + "PRIVATE KEY-----"),
        ((MACHINE_PATHS,), "'/" + "home/someone/lake'"),
        ((MACHINE_PATHS,), "cd /" + "tmp/x"),
        (UNFINISHED, "raise NotImplemented" + "Error"),
        (UNFINISHED, "# TO" + "DO: later"),
        (UNFINISHED, "@pytest.mark." + "skip"),
        (UNFINISHED, "x = y  # type: " + "ignore"),
        (UNFINISHED, "x = y  # no" + "qa"),
        ((DOWNLOADS,), "--index-" + "url https://example.com"),
        ((GENERATED,), "var/sandbox/lake/x"),
        ((GENERATED,), "deploy/.env"),
    ],
)
def test_each_kind_of_dirt_would_be_found(patterns: tuple[str, ...], sample: str) -> None:
    assert any(found(pattern, among={"sample": sample}) for pattern in patterns)


@pytest.mark.parametrize(
    ("pattern", "sample"),
    [
        (MACHINE_PATHS, "https://example.com/home/page"),
        (UNFINISHED[3], "x = y  # type: " + "ignore[attr-defined]"),
        (UNFINISHED[4], "x = y  # no" + "qa: S608"),
        (GENERATED, ".env.example"),
    ],
)
def test_clean_lines_pass(pattern: str, sample: str) -> None:
    assert found(pattern, among={"sample": sample}) == []
