"""The reference pages say what the code says."""

from orchestration.cli.main import cli
from orchestration.cli.reference import DOCS, cli_reference, data_dictionary
from resources.tables.every import TABLES

STALE = "run `python -m orchestration.cli reference`"


def test_the_data_dictionary_is_that_of_the_table_declarations() -> None:
    assert (DOCS / "data_dictionary.md").read_text(encoding="utf-8") == data_dictionary(), STALE


def test_the_command_line_s_page_is_that_of_the_commands() -> None:
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == cli_reference(cli), STALE


def test_every_column_of_every_table_is_in_the_data_dictionary() -> None:
    page = data_dictionary()
    for table in TABLES:
        section = page.split(f"### {table.path}\n")[1].split("\n### ")[0]
        for column in table.columns:
            assert f"| `{column.name}` |" in section, f"{table.path}.{column.name}"


def test_every_command_is_on_the_command_line_s_page() -> None:
    page = cli_reference(cli)
    for name in ("backfill", "check", "daily", "notify status", "segments preview", "reference"):
        assert f"\n## {name}\n" in page
    assert "--months" in page
