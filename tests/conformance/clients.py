"""Clients that others wrote read the sandbox, each in an environment of its own, and what each reads is held
against the truth.

`make conformance` runs it, nightly: it installs packages that are in no lock of ours. Each client is a
version, a program that is run with the client's own Python, and what its output has to come to.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.hubspot.objects import Holdings
from sandbox.running_world import set_stage
from sandbox.salesforce.objects import rows
from sandbox.serve import Sandbox, running
from sandbox.world import load_world

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FIRST, LAST = "2026-11-01", "2026-11-22"


@dataclass(frozen=True)
class Client:
    """A package, the program beside this file that reads with it, and the truth that its output must equal."""

    package: str
    program: str
    truth: Callable[[Sandbox], Any]


def _google_spend(sandbox: Sandbox) -> dict[str, Any]:
    """Micros and clicks per campaign, of every account below the manager."""
    found: dict[str, list[int]] = {}
    market = sandbox.stage.market
    for account in sandbox.stage.world.of("google_ads"):
        ids = market.catalog(account).campaigns.id
        for report in market.report(account, "campaign", _day(FIRST), _day(LAST)):
            for row, cost, clicks in zip(report.campaign, report.spend_micros, report.clicks, strict=True):  # type: ignore[arg-type]
                sums = found.setdefault(str(ids[row]), [0, 0])
                sums[0] += int(cost)
                sums[1] += int(clicks)
    return found


def _hubspot(sandbox: Sandbox) -> dict[str, Any]:
    held = _holdings(sandbox)
    seen = {kind: held.shelf(kind).seen(held.now).nonzero()[0] for kind in ("contacts", "companies", "deals")}
    amounts = held.newest_of("deals", "amount")
    owners = sorted(str(number) for number in range(500, 506))
    return {
        "contacts": len(seen["contacts"]), "companies": len(seen["companies"]), "deals": len(seen["deals"]),
        "amount_cents": sum(round(float(amounts[at] or 0) * 100) for at in seen["deals"]), "owners": owners,
    }  # fmt: skip


def _salesforce(sandbox: Sandbox) -> dict[str, Any]:
    deals = [row for row in rows(_holdings(sandbox), "Opportunity") or [] if not row["IsDeleted"]]
    large = sorted((row["Amount"] for row in deals if row["Amount"] > 1_000), reverse=True)
    return {
        "opportunities": len(deals), "amount_cents": sum(round(row["Amount"] * 100) for row in deals),
        "large_cents": [round(amount * 100) for amount in large],
    }  # fmt: skip


def _meta_entities(sandbox: Sandbox) -> dict[str, Any]:
    """Ids of one account's campaigns, ad sets with their own daily budgets in cents, and ads."""
    account = sandbox.stage.world.of("meta_ads")[0]
    catalog = sandbox.stage.market.catalog(account)
    sets = catalog.ad_sets
    owned = catalog.campaigns.holds_budget[sets.campaign]
    return {
        "campaigns": {str(own): None for own in catalog.campaigns.id},
        "adsets": {str(own): _cents(budget, held=not above) for own, budget, above in zip(
            sets.id, sets.budget_micros, owned, strict=True)},
        "ads": {str(own): None for own in catalog.ads.id},
    }  # fmt: skip


def _cents(micros: Any, *, held: bool) -> int | None:
    return int(micros) // 10_000 if held else None


def _linkedin_entities(sandbox: Sandbox) -> dict[str, Any]:
    """Names of an account, its campaign groups and campaigns by their ids."""
    account = sandbox.stage.world.of("linkedin_ads")[0]
    catalog = sandbox.stage.market.catalog(account)
    return {
        "accounts": {account.id: account.name},
        "campaign_groups": dict(zip(map(str, catalog.campaigns.id), catalog.campaigns.name, strict=True)),
        "campaigns": dict(zip(map(str, catalog.ad_sets.id), catalog.ad_sets.name, strict=True)),
    }


def _holdings(sandbox: Sandbox) -> Holdings:
    return Holdings(sandbox.stage.world, sandbox.stage.keeper.books(), NOW.timestamp())


def _day(text: str) -> Any:
    return datetime.fromisoformat(text).date()


CLIENTS = (
    Client("google-ads-api-report-fetcher==1.18.3", "read_with_gaarf.py", _google_spend),
    Client("hubspot-api-client==12.0.0", "read_with_hubspot.py", _hubspot),
    Client("simple-salesforce==1.12.10", "read_with_simple_salesforce.py", _salesforce),
    Client("tap-facebook==1.26.0", "read_with_tap_facebook.py", _meta_entities),
    Client("tap-linkedin-ads==2.8.0", "read_with_tap_linkedin.py", _linkedin_entities),
)


def main(folder: Path, *names: str) -> int:
    """Run every client, or those whose package begins with one of `names`; 0 where each read the truth."""
    failed = 0
    stage = set_stage(load_world("kind"), Clock(NOW))
    with running(stage, folder=folder / "sandbox") as sandbox:
        for client in (client for client in CLIENTS if client.package.startswith(names or ("",))):
            python = _environment(folder, client)
            shown = subprocess.run(
                [python, HERE / client.program], env=_variables(sandbox, folder), capture_output=True, text=True, check=False,
                timeout=900,
            )  # fmt: skip
            verdict = _verdict(client, shown, sandbox)
            failed += verdict != "equals the truth"
            print(f"{client.package}: {verdict}")  # noqa: T201 — a command's output
    return 1 if failed else 0


def _verdict(client: Client, shown: subprocess.CompletedProcess[str], sandbox: Sandbox) -> str:
    if shown.returncode:
        return f"ended with {shown.returncode}: {shown.stderr.strip().splitlines()[-1:]}"
    read, truth = json.loads(shown.stdout.splitlines()[-1]), client.truth(sandbox)
    return (
        "equals the truth"
        if read == truth
        else f"read {str(read)[:300]}, where the truth is {str(truth)[:300]}"
    )


def _environment(folder: Path, client: Client) -> Path:
    """The client's own Python, made once."""
    home = folder / client.program.removesuffix(".py")
    python = home / "bin" / "python"
    if not (home / "installed").exists():
        venv.create(home, with_pip=True, clear=True)
        install = [python, "-m", "pip", "-q", "--disable-pip-version-check", "install", client.package]
        subprocess.run(install, check=True)
        (home / "installed").touch()
    return python


def _variables(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    given = sandbox.stage.credentials
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1",
        "CONFORMANCE_FOLDER": str(folder), "CONFORMANCE_URL": sandbox.url, "CONFORMANCE_FIRST": FIRST, "CONFORMANCE_LAST": LAST,
        "SALESFORCE_SESSION": given.salesforce_access_token, "CONFORMANCE_META_ACCOUNT": sandbox.stage.world.of("meta_ads")[0].id,
        "CONFORMANCE_LINKEDIN_ACCOUNT": sandbox.stage.world.of("linkedin_ads")[0].id, **sandbox.environment,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), *sys.argv[2:]))
