# make run     environment, sample databases if there are none, dashboard
# make quick   lint, types, metrics, queries on SQLite, laws: within a minute
# make test    environment, browser and databases for the tests, lint, types, all tests
# make cluster front, four servers, primary and replica on loopback, with the sample world
# make release the same with whole matrices of screens, choices and made examples
PYTHON ?= python3
BIN := .venv/bin
QUICK := $(wildcard tests/test_metrics_*.py) tests/test_need_tiers.py tests/test_queries.py tests/test_layers.py \
	tests/test_store.py tests/test_words.py tests/test_rights.py
PORT ?= 8501
UV := $(BIN)/uv
BABEL := $(BIN)/pybabel -q
LOCALE := data_access/locale
define MERIDIAN
@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m dashboard.commands.cli "$$@"\n' "$(CURDIR)" "$(CURDIR)" > $(BIN)/meridian
@chmod +x $(BIN)/meridian
endef

.PHONY: run install quick test cluster release lock messages format

run: .venv/run.stamp
	@if [ -z "$$MERIDIAN_DATABASE_URL" ] && [ ! -f var/meridian.db ]; then \
		rm -f var/meridian-cases.db && $(BIN)/meridian init --sample; fi
	@$(BIN)/meridian serve --port $(PORT)

install: .venv/run.stamp

cluster: .venv/run.stamp
	@$(BIN)/python -m deploy.cluster

test: .venv/test.stamp
	@sh tests/get_system_packages.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

release:
	@MERIDIAN_RELEASE=1 $(MAKE) test

quick: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal -k "not postgresql" $(QUICK)

format: .venv/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/test.stamp
	$(BIN)/pip install -q uv
	$(UV) pip compile -q --upgrade --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.txt
	$(UV) pip compile -q --upgrade --generate-hashes --no-header --no-annotate --python-version 3.11 --extra test -c requirements.txt pyproject.toml -o requirements-test.txt

messages: .venv/test.stamp
	$(BABEL) extract -k N_ -k ngettext:1,2 --no-location --omit-header --sort-output -o $(LOCALE)/meridian.pot dashboard data_access pages
	$(BABEL) update -D meridian -i $(LOCALE)/meridian.pot -d $(LOCALE) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Meridian needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Meridian needs Python's venv module: run 'apt install python3-venv' as root, then try again."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/bin/python requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(MERIDIAN)
	@touch $@

.venv/test.stamp: .venv/bin/python requirements-test.txt tests/schemas.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-test.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps --no-build-isolation -r tests/schemas.txt
	$(MERIDIAN)
	@touch $@ .venv/run.stamp
