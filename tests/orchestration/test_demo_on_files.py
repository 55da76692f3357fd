"""`make demo FILES=folder` as a new user tries it: ten exports of three platforms, two of them wrong."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from resources.lake.lake import Lake
from resources.tables import core
from tests.dropped_files.test_line_meaning import workbook

ROOT = Path(__file__).parents[2]
EXPORTS: dict[str, str | bytes] = {
    "google.csv": "Campaign report\n\nDay,Campaign,Currency code,Impr.,Clicks,Cost,Conversions\n"
    '2026-11-13,Brand,EUR,"12,345",300,"1,000.50",10\n2026-11-14,Brand,EUR,"11,000",250,900.25,9\n'
    'Total: Campaigns,--,EUR,"23,345",550,"1,900.75",19\n',
    "google_terms.csv": "Search term,Day,Campaign,Currency code,Impr.,Clicks,Cost\nboots,2026-11-14,Brand,EUR,90,9,50.50\n",
    "google_de.csv": "Tag;Kampagne;Anzeigengruppe;Währungscode;Impr.;Klicks;Kosten\n"
    "13.11.2026;Suche;Stiefel;EUR;1.200;30;234,56\n14.11.2026;Suche;Schuhe;EUR;1.000;20;100,00\n",
    "meta.csv": "Day,Campaign name,Ad set name,Age,Impressions,Clicks (all),Amount spent (EUR),Purchases\n"
    "2026-11-14,Autumn,Core,,3000,30,100.50,5\n2026-11-14,Autumn,Core,25-34,1000,10,40.25,2\n"
    "2026-11-14,Autumn,Core,35-44,2000,20,60.25,3\n",
    "meta_again.csv": "Day,Campaign name,Impressions,Clicks (all),Amount spent (EUR)\n2026-11-14,Autumn,3000,30,100.50\n",
    "meta_fr.xlsx": workbook(
        Rapport=[
            ["Jour", "Nom de la campagne", "Impressions", "Clics (tous)", "Montant dépensé (EUR)"],
            [date(2026, 11, 13), "Automne", 5000, 50, 75.25],
            [date(2026, 11, 14), "Automne", 6000, 60, 80.5],
        ]
    ),
    "linkedin.csv": "Start Date (in UTC),Campaign Group Name,Currency,Impressions,Clicks,Total Spent\n"
    "2026-11-13,B2B,EUR,900,9,210.00\n2026-11-14,B2B,EUR,800,8,190.75\n",
    "linkedin_nl.csv": (
        "Begindatum (in UTC)\tNaam campagnegroep\tValuta\tWeergaven\tKlikken\tTotaal besteed\n"
        "14.11.2026\tWerving\tEUR\t700\t7\t120,25\n"
    ).encode("utf-16"),
    "month.csv": "Campaign name,Reporting starts,Reporting ends,Impressions,Amount spent (EUR)\nAutumn,2026-10-01,2026-10-31,99000,5751.00\n",
    "unknown.csv": "When,What\n1,2\n3,4\n",
}
SPENT = {"google_ads": 1000.50 + 900.25 + 234.56 + 100.00, "meta_ads": 100.50 + 75.25 + 80.50, "linkedin_ads": 210.00 + 190.75 + 120.25}  # fmt: skip


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, content in EXPORTS.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_ten_mixed_exports_with_two_wrong_ones_end_in_a_right_page_and_two_sentences(
    exports: Path, tmp_path: Path
) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PAID_MEDIA_")}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "demo", "--files", str(exports)],
        cwd=ROOT,
        env=env | {"PAID_MEDIA_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stdout + done.stderr
    sentences = [
        line for line in done.stdout.splitlines() if line.startswith(("month.csv: ", "unknown.csv: "))
    ]
    assert len(sentences) == 2, done.stdout
    assert "a line is a month (2026-10-01 to 2026-10-31): export it by day" in sentences[0]
    assert "is not an export that is recognised" in sentences[1]
    (lake_folder,) = (tmp_path / "var" / "files").glob("*/lake")
    rows = Lake(str(lake_folder)).read(core.KPI_DAY)
    spent = rows.groupby("platform")["spend"].sum().to_dict()
    assert spent == pytest.approx(SPENT | {"all": sum(SPENT.values())})
    page = next((tmp_path / "var" / "files").glob("*/reports/daily_dashboard_2026-11-14.html")).read_text()
    assert "1 line of dropped files is not used: a line is a month (1)." in page
    assert "1 dropped file refused: unknown.csv." in page
