"""Runs the command line: `python -m orchestration.cli`."""

from orchestration.cli.main import cli

if __name__ == "__main__":
    cli()
