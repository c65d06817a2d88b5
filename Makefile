# Frontdesk: `make` alone tells what there is to make.

HOST ?= 127.0.0.1
PORT ?= 5000
PYTHON ?= python3
BIN := .venv/bin
CHROMIUM := tests/chromium/node_modules
# What runs on SQLite only: it asks no database, or nothing that another would answer otherwise.
ONCE := tests/macros tests/fronts tests/chromium tests/resumable tests/storage tests/check/test_nginx.py \
  tests/check/test_others.py tests/serve/test_api.py tests/serve/test_clients.py \
  tests/serve/test_slow_clients.py tests/plumbing/test_receive_server.py tests/test_house_style.py \
  tests/test_deploying.py tests/test_deploying_followed.py
EXTRACT := $(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --no-wrap -k lazy_gettext -o .venv/frontdesk.pot .
UPDATE := $(BIN)/pybabel -q update -i .venv/frontdesk.pot -d site/frontdesk/translations -l zh --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

.DEFAULT_GOAL := help
.PHONY: help run dev test test-fast test-postgresql check bench lock translations clean

help: ## Show what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: .venv/.installed ## Serve the site: make run HOST=0.0.0.0 PORT=8000
	@HOST=$(HOST) PORT=$(PORT) PYTHONPATH=site$${PYTHONPATH:+:$$PYTHONPATH} exec $(BIN)/gunicorn -c deploy/gunicorn.conf.py

dev: .venv/.installed ## Serve it for work on it: debug, and a reload at every change
	@exec $(BIN)/flask run --debug --host $(HOST) --port $(PORT)

test: .venv/.tested ## Install what the tests need, and run all of them
	@tests/install.sh
	@echo "All tests, on SQLite:"
	$(BIN)/python -m pytest -n auto --dist loadgroup -q
	@$(MAKE) --no-print-directory test-postgresql

test-fast: .venv/.tested ## Run the tests that need neither browser nor server
	$(BIN)/python -m pytest -n auto -q -m "not browser and not server"

test-postgresql: .venv/.tested ## Run all that a database matters to on PostgreSQL, which it starts itself
	@echo "What a database matters to once more, on PostgreSQL:"
	CRASH_LOOPS=8 $(BIN)/python -m pytest -n auto --dist loadgroup -q -m "not browser" --database postgresql \
	  $(addprefix --ignore=,$(ONCE))

check: .venv/.tested ## Format, lint, types, templates, translations, and what is over its wanted size
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --lint templates
	$(EXTRACT)
	$(UPDATE) --check
	$(BIN)/python docs/references.py
	$(BIN)/python tests/sizes.py

bench: .venv/.tested ## Measure the site beside its peers; asserts nothing
	$(BIN)/python bench/pages.py
	$(BIN)/python bench/uploads.py
	$(BIN)/python bench/lists.py
	$(BIN)/python bench/downloads.py
	$(BIN)/python bench/slow.py
	$(BIN)/python bench/logins.py
	$(BIN)/python bench/buffering.py

translations: .venv/.installed ## Bring the Chinese catalogue up to date with the words in the site
	$(EXTRACT)
	$(UPDATE)

lock: ## Pin requirements*.txt anew from requirements*.in (needs uv)
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements.in -o requirements.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements-scale.in -o requirements-scale.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements-dev.in -o requirements-dev.txt

clean: ## Remove what make made; never instance/
	rm -rf .venv $(CHROMIUM) .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Frontdesk needs Python 3.11 or newer. Name one: make run PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Frontdesk runs on …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.tested: .venv/.installed requirements-scale.txt requirements-dev.txt
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-scale.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
