"""Connections to the ledger: SQLite on one machine, PostgreSQL in production, the same statements on both."""

import os
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from resources.errors import SettingsWrong
from resources.ledger import audit_chain
from resources.security.ledger_key import LedgerKey

READS = {"reads": True}
"""Execution option of transactions that only read: they wait for no writer."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_MIGRATES = 7_310_443


def connect(url: str, *, key: LedgerKey | None = None) -> sa.Engine:
    """An engine whose tables are the newest this code knows; a SQLite file is looked through for damaged
    pages.

    Raises:
        SettingsWrong: The address is none of the two kinds, nobody answers there, a newer program has been at
        work, or the file is damaged.
    """
    try:
        known = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise SettingsWrong(_WRONG) from None
    if known.drivername not in {"sqlite", "postgresql+psycopg2"}:
        raise SettingsWrong(_WRONG)
    engine = _sqlite(known) if known.drivername == "sqlite" else _postgresql(known)
    try:
        if known.drivername == "sqlite":
            _check_pages(engine)
        _migrate(engine, key)
    except sa.exc.DatabaseError as error:
        place = known.render_as_string(hide_password=True)
        raise SettingsWrong(
            f"The ledger at {place} cannot be opened: {_first_line(error)}. Nothing is written without it."
        ) from None
    return engine


_WRONG = (
    "PAID_MEDIA_LEDGER is wrong: it takes sqlite:///path/to/file.db or"
    " postgresql+psycopg2://user:password@host/database. See docs/configuration.md."
)


def _sqlite(url: sa.URL) -> sa.Engine:
    file = Path(url.database or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:  # made before SQLite would make it, and only for its owner; its journal takes the same mode
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        file.chmod(0o600)
    except OSError as error:
        raise SettingsWrong(
            f"The ledger at {file} cannot be opened: {error.strerror}. Nothing is written without it."
        ) from None
    engine = sa.create_engine(url, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def opened(connection, _) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        connection.isolation_level = None  # pysqlite would otherwise begin late, and not at once for writing
        connection.execute("pragma busy_timeout = 60000")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")

    @event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("begin" if reads else "begin immediate")

    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url, pool_pre_ping=True, pool_size=2, max_overflow=8)


_CHECKED: set[tuple[str, int]] = set()
"""Files (with their inodes) that this process has looked through: sensors open the ledger every half minute.
"""


def _check_pages(engine: sa.Engine) -> None:
    """Look through every page, once a process:

    SQLite reads past a damaged one until somebody asks for what was on it.
    """
    file = str(engine.url.database)
    known = (file, Path(file).stat().st_ino)
    if known in _CHECKED:
        return
    with engine.connect().execution_options(**READS) as connection:
        result = str(connection.exec_driver_sql("pragma quick_check(1)").scalar())
    if result != "ok":
        raise SettingsWrong(
            f"The ledger's file {engine.url.database} is damaged ({result.splitlines()[-1]}). Restore a"
            " backup, then run `audit verify --anchor`. Nothing is written without it."
        )
    _CHECKED.add(known)


def _migrate(engine: sa.Engine, key: LedgerKey | None) -> None:
    newest, known = _revisions()
    with engine.connect().execution_options(**READS) as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _ONE_MIGRATES})
        now = MigrationContext.configure(connection).get_current_revision()
        if now is not None and now not in known:
            raise SettingsWrong(
                f"The ledger was written by a newer version of this program (revision {now}). Update the"
                " program; nothing was changed."
            )
        config = _migrations()
        config.attributes["connection"] = connection
        if key is not None:
            config.attributes["sign_head"] = lambda bound: audit_chain.sign_head(bound, key)
        command.upgrade(config, "head")


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    """The newest revision of the tables, and all of them; read once a process, because sensors open the
    ledger every half minute.
    """
    scripts = ScriptDirectory.from_config(_migrations())
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).strip().splitlines()[0].rstrip(".")
