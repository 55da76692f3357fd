"""Reference pages made from the code: docs/data_dictionary.md from the table declarations, docs/cli.md from
the commands.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pyarrow as pa

from resources.lake.schema import Column, Table
from resources.tables.every import TABLES

DOCS = Path(__file__).parents[2] / "docs"
NOTE = "This page is written by `python -m orchestration.cli reference`; a test compares it with the code.\n"
CONVENTIONS = (
    "Shares are fractions, days are the account's own calendar day, instants are UTC and end in `_at`, ids"
    " are text. `null` in the last column marks what may be missing; missing is never zero."
)
LAYERS = {
    "raw": "What a platform, the CRM or a dropped file said, in its own words and units.",
    "core": "The same in one vocabulary, with money in account currency and in the reporting currency.",
    "segments": "What is known of customers, and the segments they are divided into.",
    "signals": "What stands out, and where the month will end.",
    "actions": "Where audiences stand, and what a policy would have proposed.",
}
PROGRAM = "python -m orchestration.cli"


def data_dictionary(tables: Iterable[Table] = TABLES) -> str:
    """Every table of the lake with its columns, as Markdown."""
    tables = list(tables)
    parts = [f"# Data dictionary\n\n{NOTE}\n{CONVENTIONS}\n"]
    for layer, about in LAYERS.items():
        members = sorted((table for table in tables if table.layer == layer), key=lambda table: table.name)
        if members:
            parts.append(f"## {layer}\n\n{about}\n")
            parts += [_table_section(table) for table in members]
    return "\n".join(parts)


def _table_section(table: Table) -> str:
    facts = [f"Unique together: {', '.join(f'`{name}`' for name in table.key)}."]
    if table.keeps_history:
        facts.append("Every version of a row is kept with `pulled_at`.")
    if table.is_fixed:
        facts.append("A row that was written never changes.")
    rows = "\n".join(_column_row(column) for column in table.columns)
    head = "| column | type | what it is | |\n|---|---|---|---|"
    return f"### {table.path}\n\n{table.description} {' '.join(facts)}\n\n{head}\n{rows}\n"


def _column_row(column: Column) -> str:
    description = column.description.replace("|", "\\|")
    return (
        f"| `{column.name}` | {_type_name(column.type)} | {description} |"
        f" {'null' if column.nullable else ''} |"
    )


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "instant"
    names = {
        pa.string(): "text",
        pa.int64(): "integer",
        pa.float64(): "number",
        pa.date32(): "day",
        pa.bool_(): "yes or no",
    }
    return names.get(kind, str(kind))


def cli_reference(group: click.Group) -> str:
    """Every command with its arguments, options and help, as Markdown."""
    sections = [
        f"# Command line\n\n{NOTE}\nEvery command is `{PROGRAM} COMMAND`, run from the project's folder.\n"
    ]
    sections += [_command_section(path, command) for path, command in _commands(group, ())]
    return "\n".join(sections)


def _commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _command_section(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(path))
    arguments = [param.make_metavar(context) for param in command.params if isinstance(param, click.Argument)]
    options = [record for param in command.params if (record := _option(param, context))]
    usage = " ".join([PROGRAM, *path, *arguments, *(["[OPTIONS]"] if options else [])])
    help_text = " ".join((command.help or "").split())
    lines = [f"## {' '.join(path)}\n", f"{help_text}\n" if help_text else "", f"```\n{usage}\n```\n"]
    if options:
        rows = "\n".join(f"| `{name}` | {about} |" for name, about in options)
        lines.append(f"| option | what it does |\n|---|---|\n{rows}\n")
    return "\n".join(line for line in lines if line)


def _option(param: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    if not isinstance(param, click.Option) or param.hidden:
        return None
    record = param.get_help_record(context)
    if record is None:
        return None
    name, about = record
    return name.replace("|", "\\|"), " ".join(about.split()).replace("|", "\\|")


@click.command()
@click.pass_context
def reference(context: click.Context) -> None:
    """Write docs/data_dictionary.md and docs/cli.md anew from the code."""
    pages = {"data_dictionary.md": data_dictionary()}
    root = context.find_root().command
    if isinstance(root, click.Group):
        pages["cli.md"] = cli_reference(root)
    for name, text in pages.items():
        (DOCS / name).write_text(text, encoding="utf-8")
        click.echo(f"docs/{name}")
