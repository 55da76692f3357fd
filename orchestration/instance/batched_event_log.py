"""Dagster's SQLite event log, with the events of a range of days written in one transaction instead of one
each.

A run over a month of 15 assets leaves 930 events. Dagster hands them over in batches
(DAGSTER_EVENT_BATCH_SIZE) and its PostgreSQL storage writes a batch at once; its SQLite storage does not, and
then spends six seconds of an eight-second window on commits. This fills that gap with the parts Dagster's own
storages are made of; tests/orchestration holds it to what the original stores.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import DagsterEventType, EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

_MOST_VALUES = 2_000
"""Rows an insert takes: SQLite allows 32,766 variables, and a row has eight."""
_BATCHED = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_MATERIALIZATION_PLANNED}


class BatchedSqliteEventLogStorage(SqliteEventLogStorage):
    """SqliteEventLogStorage that stores a batch of materialization events of one run in one transaction per
    shard.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "BatchedSqliteEventLogStorage":
        """Made from dagster.yaml; the original's own version names its class."""
        return cls(inst_data=inst_data, **config_value)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        batched: list[EventLogEntry] = []
        for event in events:
            if event.get_dagster_event().event_type in _BATCHED:
                batched.append(event)
            else:
                self.store_event(event)
        for at in range(0, len(batched), _MOST_VALUES):
            self._store_at_once(batched[at : at + _MOST_VALUES])

    def _store_at_once(self, events: Sequence[EventLogEntry]) -> None:
        insert: Any = self.prepare_insert_event_batch(events)
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(insert)
        with self.index_transaction() as connection:
            result = connection.execute(insert.returning(SqlEventLogStorageTable.c.id))
            ids = sorted(int(row[0]) for row in result.fetchall())
            self._store_asset_event_tags(connection, events, ids)
            # The asset table keeps the newest event of each asset and kind: older ones of this batch would
            # only be overwritten.
            newest = {
                (e.get_dagster_event().asset_key, e.get_dagster_event().event_type): (e, i)
                for e, i in zip(events, ids, strict=True)
            }
            for event, event_id in newest.values():
                self._store_asset_event(connection, event, event_id)
