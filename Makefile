# make test: everything that must hold of a change.   make demo: one rule, converted.
# Both need python3 (3.10 or newer) with venv, git and make, and make the rest in .venv.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: test demo docs tables clean

test: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest

demo: $(INSTALLED)
	$(BIN)/sigma-transpile convert golden/wuauclt-network-connection/rule.yml

docs: $(INSTALLED)
	$(BIN)/python docs/generate.py

# What the published pipelines answer, after one of them changed.
tables: $(INSTALLED)
	$(BIN)/python -m transpile.targets.record

# `pip install --group` needs pip 25.1.
$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[verify]" --group dev
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
