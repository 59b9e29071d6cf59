# What there is to do in a checkout; `make help` lists it. Everything is installed into .venv, and a stamp there says
# what has been installed: a second run installs nothing, and needs no network.

PYTHON ?= python3
PORT ?= 8080

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --retries 10 --timeout 60

.DEFAULT_GOAL := help
# pip would be installing twice into one place.
.NOTPARALLEL:

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/run.stamp ## start a server; PORT=8080 ARGS="--option ..."
# Without a pidfile: one that a killed server left behind could keep the next from starting.
	$(BIN)/twistd -n --pidfile= gamesvc --port $(PORT) $(ARGS)

.PHONY: test
test: $(VENV)/test.stamp $(VENV)/services.stamp ## run the tests; TESTS="tests/test_x.py ..." runs some of them
	$(BIN)/python -m pytest $(TESTS)

.PHONY: trial
trial: $(VENV)/test.stamp $(VENV)/services.stamp ## run the tests with Twisted's own runner
	$(BIN)/trial tests

.PHONY: crash
crash: $(VENV)/test.stamp ## kill servers in the middle of play; KILLS=1000 SEED=...
	KILLS=$(or $(KILLS),1000) $(BIN)/python -m pytest -s tests/e2e/test_crashes.py

.PHONY: openspiel
openspiel: $(VENV)/test.stamp ## play all of OpenSpiel's games while servers are killed; GAMES="go chess" SEED=...
	GAMES="$(or $(GAMES),all)" $(BIN)/python -m pytest -s tests/e2e/test_openspiel.py

.PHONY: bench
bench: $(VENV)/run.stamp ## measure gamesvc beside other servers, for about an hour; writes docs/performance.md and docs/state-sync.md
	$(BIN)/python -m bench $(ARGS)

.PHONY: reference
reference: $(VENV)/test.stamp ## write docs/reference.md from the docstrings
	$(BIN)/python -m tests.reference

.PHONY: pictures
pictures: $(VENV)/test.stamp $(VENV)/services.stamp ## take the pictures of the page in docs/pictures, with Chromium
	$(BIN)/python -m tests.browser.pictures docs/pictures

.PHONY: check
check: $(VENV)/check.stamp $(VENV)/services.stamp ## lint, formatting, types, who imports whom, and what can be installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/trial --temp-directory=$(VENV)/trial tests
	$(BIN)/python -m bench --short
	$(BIN)/python tests/packaging/installs.py

.PHONY: clean
clean: ## remove what the others made, .venv included
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .ruff_cache _trial_temp* twistd.log*
	find bench gamesvc tests twisted -name __pycache__ -prune -exec rm -rf {} +
	rm -f twisted/plugins/dropin.cache
	rm -rf clients/js/node_modules

# An environment of which half is there would pass for a whole one, so it counts only when its stamp is written.
$(VENV)/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'gamesvc needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make PYTHON=python3.12 ...' >&2; \
	    exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# An editable install follows the sources by itself. It has to be told of metadata, and of where plugins are.
SOURCES := $(VENV)/venv.stamp pyproject.toml setup.py twisted/plugins/gamesvc_plugin.py

$(VENV)/run.stamp: $(SOURCES)
	$(PIP) install --editable '.[chess]'
	@touch $@

# What has more installed has that for the targets above it too.
$(VENV)/test.stamp: $(SOURCES)
	$(PIP) install --editable '.[test]'
	@touch $@ $(VENV)/run.stamp

# mypy reads the tests, so it needs what they import.
$(VENV)/check.stamp: $(SOURCES)
	$(PIP) install --editable '.[dev,test]'
	@touch $@ $(VENV)/test.stamp $(VENV)/run.stamp

# The databases that tests are run against are no Python packages.
$(VENV)/services.stamp: $(VENV)/venv.stamp tests/packaging/services.sh
	@tests/packaging/services.sh
	@touch $@
