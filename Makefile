# make demo    a full day from nothing: sandbox up, 90 days of history, the dashboard, sandbox down (FILES=folder: from exports)
# make dev     sandbox and Dagster UI together; one Ctrl-C ends both
# make test    everything that is checked: format, lint, types, all tests
# make check   the quick half of it: format, lint, types, architecture, hygiene
# make nightly the campaigns that take too long for every change: outside clients, reverted safeguards, 500 kills
# make backfill ARGS="--from 2026-01-01"   fill a range of days; ARGS="--help" says how
# make pictures   the documentation's pictures, taken anew from the demo in a browser
# make conformance   others' clients read the sandbox, each in an environment of its own outside the lock
# make lock    pin every dependency anew from pyproject.toml (UPGRADE=1: to the newest)
# make clean   remove the environment, the caches and what the sandbox left; var/live stays
# Needs make and Python 3.11 to 3.13. An active virtual environment is left alone.

unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON = $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
NO_PYTHON := Python 3.11, 3.12 or 3.13 with its venv module is needed (on Debian: apt install python3-venv)
RUN := .venv/bin/python
PIP := $(RUN) -m pip -qq --disable-pip-version-check --no-input
LOCK := $(RUN) -m uv --quiet pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes
LOCK += --no-strip-extras --no-emit-index-url --no-annotate --no-header $(if $(UPGRADE),--upgrade) -o requirements.lock
INSTALLED := .venv/installed

.PHONY: help demo dev test nightly conformance static check backfill pictures lock clean
help:
	@sed -n 's/^# //p' Makefile

demo: $(INSTALLED)
	@$(RUN) -m orchestration.cli demo $(if $(FILES),--files "$(FILES)")

dev: $(INSTALLED)
	@$(RUN) -m orchestration.cli dev

backfill: $(INSTALLED)
	@$(RUN) -m orchestration.cli backfill $(ARGS)

test: static
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 40

check: static
	@$(RUN) -m pytest tests/test_architecture.py tests/test_hygiene.py

nightly: conformance
	@$(RUN) -m tests.reverted_guards
	@$(RUN) -m benchmarks gate_faults --seed 1 --kills 500

conformance: $(INSTALLED)
	@$(RUN) -m tests.conformance.clients var/conformance

static: $(INSTALLED)
	@echo "Format, lint" && $(RUN) -m ruff format --check --output-format concise . && $(RUN) -m ruff check .
	@echo "Types" && $(RUN) -m mypy

$(INSTALLED): requirements.lock | .venv/bin/pip
	@echo "Installing the pinned packages into .venv (once, a minute or two)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e . && touch $@

.venv/bin/pip:
	@$(if $(PYTHON),echo "Making .venv with $(PYTHON)",echo "$(NO_PYTHON)" >&2; exit 1)
	@$(PYTHON) -m venv --clear .venv

pictures: $(INSTALLED)
	@$(RUN) -m tests.reports.demo_pictures

lock: .venv/bin/pip
	@echo "Pinning every dependency in requirements.lock" && $(PIP) install uv && $(LOCK)

clean:
	@rm -rf .venv var/sandbox build .mypy_cache .ruff_cache .pytest_cache .hypothesis ./*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
