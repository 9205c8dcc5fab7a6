# make test: everything that must hold of a change.   make demo: one rule, converted.
# Both need python3 (3.10 or newer) with venv, git and make, and make the rest in .venv.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

CHROMIUM ?= /usr/bin/chromium
export CHROMIUM

.PHONY: test stress browser demo docs tables bench profile clean

test: $(INSTALLED) browser
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest

# The catalogue is tested in Chromium; Debian and root can install it.
browser:
	@test -x $(CHROMIUM) \
	  || { command -v apt-get && test "$$(id -u)" = 0 \
	       && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } \
	  || echo "there is no Chromium at $(CHROMIUM): install it, or set CHROMIUM" >&2

# Runs of the whole program with many processes, until one hangs or differs: make stress RUNS=300
stress: $(INSTALLED)
	$(BIN)/python -m tests.stress --runs $(or $(RUNS),300) $(if $(CORPUS),--rules $(CORPUS))

demo: $(INSTALLED)
	$(BIN)/sigma-transpile convert golden/wuauclt-network-connection/rule.yml

docs: $(INSTALLED)
	$(BIN)/python docs/generate.py

# The data of published pipelines, and all data files in the form that is read: after a change.
tables: $(INSTALLED)
	$(BIN)/python -m transpile.targets.import_published

# How fast it is beside sigma-cli, on a folder of rules: make bench CORPUS=path
bench:
	$(PYTHON) bench $(CORPUS)

# Where the calls are that tests/test_work.py counts.
profile: $(INSTALLED)
	$(BIN)/python -m tests.test_work

# `pip install --group` needs pip 25.1.
$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[serve,verify]" --group dev
	touch $@

clean:
	rm -rf .venv .bench .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
