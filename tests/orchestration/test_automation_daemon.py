"""One story through a real Dagster daemon: an input is renewed while a run goes on, the next run fails, and
everything heals by itself.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

ROOT = Path(__file__).parents[2]
DAY = "2026-11-03"
DEFINITIONS = """
import time
from pathlib import Path
import dagster as dg
import assets.automation

assets.automation.FIRST_RETRY = "* * * * *"  # ten minutes are long for a test
days = dg.DailyPartitionsDefinition("2026-11-01", end_date="2026-11-21")

@dg.asset(partitions_def=days)
def raw() -> None: ...

@dg.asset(deps=[raw], partitions_def=days, automation_condition=assets.automation.follows())
def core(context: dg.AssetExecutionContext) -> None:
    here = Path(__file__).parent
    (here / "started").touch()
    while not (here / "go on").exists():
        time.sleep(0.2)
    runs = [run for run in context.instance.get_runs() if core.key in (run.asset_selection or ())]
    if len(runs) == 2:
        raise ValueError("the second run fails")

defs = dg.Definitions(
    assets=[raw, core],
    executor=dg.in_process_executor,
    resources={"io_manager": dg.mem_io_manager},
    sensors=[dg.AutomationConditionSensorDefinition(
        "automation", target="*", default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=3
    )],
)
"""


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.5)


def test_through_a_real_daemon_an_update_during_a_run_and_a_failed_run_heal_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, code = tmp_path / "home", tmp_path / "story.py"
    home.mkdir()
    code.write_text(DEFINITIONS, encoding="utf-8")
    (home / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\nrun_coordinator: {module: dagster.core.run_coordinator, class: DefaultRunCoordinator}\n"
    )
    environment = os.environ | {"DAGSTER_HOME": str(home), "PYTHONPATH": str(ROOT)}
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    namespace: dict[str, object] = {"__file__": str(code), "__name__": "story"}
    exec(compile(DEFINITIONS, str(code), "exec"), namespace)
    definitions = namespace["defs"]
    assert isinstance(definitions, dg.Definitions)
    job = definitions.resolve_implicit_global_asset_job_def()
    log = (tmp_path / "daemon.log").open("w")
    daemon = subprocess.Popen(
        [sys.executable, "-m", "dagster._daemon", "run", "-f", str(code)], cwd=ROOT, env=environment, stdout=log, stderr=log
    )  # fmt: skip
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:

            def statuses() -> list[str]:
                runs = [
                    run for run in instance.get_runs() if dg.AssetKey("core") in (run.asset_selection or ())
                ]
                return [run.status.value for run in reversed(runs)]

            def has_evaluated() -> bool:
                return any(
                    state.instigator_data.last_tick_timestamp for state in instance.all_instigator_state()
                )  # type: ignore[union-attr]

            def renew() -> None:
                assert job.execute_in_process(
                    instance=instance, partition_key=DAY, asset_selection=[dg.AssetKey("raw")]
                ).success

            wait_for(has_evaluated, seconds=120, what="the first evaluation")
            time.sleep(6)
            renew()
            wait_for((tmp_path / "started").exists, seconds=120, what="core's first run")
            renew()
            time.sleep(8)
            assert len(statuses()) == 1, "nothing is requested while the run goes on"
            (tmp_path / "go on").touch()
            wait_for(lambda: len(statuses()) >= 2, seconds=120, what="core is requested again after its run")
            wait_for(lambda: statuses()[1] == "FAILURE", seconds=120, what="the second run fails")
            wait_for(lambda: statuses()[2:] == ["SUCCESS"], seconds=240, what="the retry succeeds")
            time.sleep(8)
            assert statuses() == ["SUCCESS", "FAILURE", "SUCCESS"]
    finally:
        daemon.terminate()
        daemon.wait(60)
        log.close()
