# `make demo` and `make test` each work as the first command in a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Tests start many processes: without bytecode, each would compile all of its modules anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench clean

help:  ## show these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Antiphon needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "Making the virtual environment in $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Antiphon and what it needs (about 800 MB, once) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -e '.[local,web,dev]'
	@touch $@

demo: $(STAMP)  ## start the local bot and open its page: talk to it
	@$(BIN)/python -m antiphon.cli.demo

test: $(STAMP)  ## lint, types, contracts and all tests, the slow ones with real models too
	@$(BIN)/antiphon models fetch --for-tests
	@sh tests/browser/install.sh
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest -q -n auto -m 'not slow'
	HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest -q -n auto -m 'slow and not alone' --durations=10
	HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest -q -m alone --durations=10
	@echo "All tests have passed: unit tests, slow ones, and those that run alone."

check: $(STAMP)  ## the fast loop: lint, types, contracts, unit tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m 'not slow' -q -n auto

bench: $(STAMP)  ## measure, beside a peer in its own virtual environment
	@$(BIN)/python bench/run.py

clean:  ## remove what make has made
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis build dist
