"""Exports that people drop into a folder: rows in core's words, empty where the export does not say."""

from dataclasses import replace

from resources.lake.schema import COUNT, INSTANT, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.entities import ENTITY_COLUMNS

FILE = Column("file", TEXT, "The file the row was read from.")
FILE_SHA = Column("file_sha", TEXT, "SHA-256 of that file's bytes.")
METRICS = tuple(
    replace(column, nullable=True)
    for column in (c.IMPRESSIONS, c.CLICKS, c.SPEND, c.CONVERSIONS, c.CONVERSION_VALUE)
)


def _day_table(level: str) -> Table:
    ids = c.LEVEL_IDS[level]
    return Table(
        layer="raw",
        name=f"dropped_{level}_day",
        description=(
            f"What each {level.replace('_', ' ')} delivered each day, as read from exports dropped into the"
            " folder."
        ),
        columns=(c.PLATFORM, *c.ACCOUNT_DAY, *ids, *METRICS, FILE, FILE_SHA, c.PULLED_AT),
        key=("platform", "account_id", ids[-1].name, "day"),
        keeps_history=True,
    )


DAYS = {level: _day_table(level) for level in c.LEVEL_IDS}
ENTITIES = Table(
    layer="raw",
    name="dropped_entities",
    description="Accounts, campaigns, ad sets and ads as named in dropped exports.",
    columns=ENTITY_COLUMNS,
    key=("platform", "account_id", "level", "entity_id"),
    keeps_history=True,
)
PARTS = Table(
    layer="raw",
    name="dropped_part_day",
    description=(
        "Parts of what campaigns, ad sets and ads delivered each day, as dropped exports divide it: search"
        " terms, keywords, conversion actions, devices, ages. Parts of a partial report never add up to the"
        " whole."
    ),
    columns=(
        c.PLATFORM,
        *c.ACCOUNT_DAY,
        Column("level", TEXT, "What the part is of: campaign, ad_set or ad."),
        Column("entity_id", TEXT, "Id of that campaign, ad set or ad."),
        Column("kind", TEXT, "By what it is divided, such as search_term, keyword or device."),
        Column("part", TEXT, "Which part, as the export names it."),
        *METRICS,
        FILE,
        FILE_SHA,
        c.PULLED_AT,
    ),
    key=("platform", "account_id", "level", "entity_id", "kind", "part", "day"),
)
REJECTS = Table(
    layer="raw",
    name="dropped_rejects",
    description="Lines of dropped exports, and whole files, that are not used, with the reason.",
    columns=(
        FILE,
        FILE_SHA,
        Column("line", COUNT, "Line of the file, counted from 1; 0 for the whole file."),
        Column("column", TEXT, "The column that could not be read."),
        Column("value", TEXT, "What stood there."),
        Column("reason", TEXT, "Why it could not be read."),
        Column("pulled_at", INSTANT, "When the file was read (UTC)."),
    ),
    key=("file_sha", "line", "column"),
)
