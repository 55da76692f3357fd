"""`cli files check`: what every file is, before anything of it is loaded."""

from pathlib import Path

from click.testing import CliRunner

from orchestration.cli.main import cli

META = "Day,Campaign name,Impressions,Amount spent (EUR)\n"


def test_a_folder_is_told_as_a_table_and_in_sentences(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(META + "2026-11-13,Brand,1000,12.50\n2026-11-14,Brand,1000,lots\n")
    (tmp_path / "terms.csv").write_text(
        "Search term,Day,Campaign,Currency code,Impr.,Clicks,Cost\nboots,2026-11-13,Brand,EUR,9,1,0.50\n"
    )
    result = CliRunner().invoke(cli, ["files", "check", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "partly read" in result.output
    assert "line 3, Amount spent (EUR) 'lots': not a number" in result.output
    assert "stands for no total" in result.output
    assert not (tmp_path / "rejected").exists()


def test_a_refused_file_ends_the_command_with_an_error(tmp_path: Path) -> None:
    (tmp_path / "month.csv").write_text(
        "Month,Campaign,Currency code,Impr.,Cost\n2026-11-01,Brand,EUR,10,1.50\n"
    )
    result = CliRunner().invoke(cli, ["files", "check", str(tmp_path)])
    assert result.exit_code == 1
    assert "a line is a month. Export it by day." in result.output
