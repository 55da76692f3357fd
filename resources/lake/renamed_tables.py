"""Tables whose asset key changed, so that a lake written before the change opens as before.

A local folder is renamed when the lake is opened (one atomic rename a table). An object store cannot rename a
folder atomically, so there the table stays at its former path and is read and written there.
"""

import fcntl
from pathlib import Path

FORMER_PATHS = {
    "actions/audiences": "segments/audiences",
    "actions/policy_replay": "signals/threshold",
}
"""Former path of each renamed table, by its path of today (renamed 2026-11-28)."""


def rename_tables(root: Path) -> list[str]:
    """Move tables below a local `root` from their former paths to those of today; the paths that were moved.

    Several processes may open a lake at once: one of them moves, the others wait for it.
    """
    if not any((root / former).is_dir() for former in FORMER_PATHS.values()):
        return []
    moved = []
    with (root / ".renamed_tables.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path, former in FORMER_PATHS.items():
            if (root / former / "_delta_log").is_dir() and not (root / path).exists():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / former).rename(root / path)
                moved.append(path)
    return moved
