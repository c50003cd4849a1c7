# Everything happens in .venv, from Python 3.11 to 3.13, git and make alone. `make help` lists the commands.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test coverage test-foreign check types style format translate bench clean

VENV := .venv
BIN := $(VENV)/bin
UV := UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(BIN)/uv
# --inexact: what `make run` does not need is what `make test` installed, and stays.
SYNC := $(UV) sync --frozen --inexact --quiet
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 2 ] && echo $$n || echo 2)
COVERAGE_FLOOR ?= 90
BENCH_SESSIONS ?= 1000000
TESTS ?= tests
# Each worker takes a half, in order, and then of the other's: tests of one screen mostly share its server.
OURS = -n $(JOBS) --dist worksteal -m "not foreign and not benchmark" $(TESTS)

# Hundreds of processes are started here: each would compile every library anew where writing that down is forbidden.
unexport PYTHONDONTWRITEBYTECODE
export DO_NOT_TRACK := 1
export PYTHONUTF8 := 1

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: $(VENV)/.for-running ## Start the dashboard with a synthetic practice (PORT=8501)
	@$(BIN)/intersession up --demo $(if $(PORT),--port $(PORT))

test: $(VENV)/.for-development ## Run the tests (TESTS=tests/pages JOBS=2)
	INTERSESSION_CHROMIUM=$$(.ci/chromium) && export INTERSESSION_CHROMIUM && $(BIN)/pytest $(OURS)

coverage: $(VENV)/.for-development ## Run the tests with the coverage of their branches, which takes longer
	@rm -f .coverage .coverage.*
	INTERSESSION_CHROMIUM=$$(.ci/chromium) && export INTERSESSION_CHROMIUM && $(BIN)/coverage run -m pytest $(OURS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=$(COVERAGE_FLOOR)

test-foreign: $(VENV)/.for-development ## Run the tests over files that other programs made
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m foreign tests/foreign

check: $(VENV)/.for-development ## Lint, check types, formats, layers, SQL and the lock
	@$(MAKE) --no-print-directory -j 2 types style

types: $(VENV)/.for-development ## Check the types alone
	$(BIN)/mypy

style: $(VENV)/.for-development ## Lint, formats, layers, SQL and house rules alone
	$(UV) lock --check --quiet
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/sqlfluff lint --disable-progress-bar dbt
	$(BIN)/pytest -q tests/architecture tests/docs

format: $(VENV)/.for-development ## Bring Python and SQL into their format
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format
	$(BIN)/sqlfluff fix --processes $(JOBS) --disable-progress-bar dbt

translate: $(VENV)/.for-development ## Collect the sentences of the screens into the catalogues to translate
	$(BIN)/python -m tests.architecture.catalogues

bench: $(VENV)/.for-development ## Measure the speeds that are promised (BENCH_SESSIONS=1000000)
	$(BIN)/python -m tests.benchmarks $(BENCH_SESSIONS)
	TMPDIR=$${TMPDIR:-/tmp} BENCH_SESSIONS=$(BENCH_SESSIONS) $(BIN)/pytest -q -s -m benchmark -o python_files='bench_*.py' tests/benchmarks

clean: ## Remove .venv and what was built; the data of `make run` stay
	rm -rf $(VENV) build *.egg-info .coverage .coverage.* coverage.xml htmlcov logs dbt/target dbt/logs
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find dashboard expectations pages tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was made from: so the second `make run` installs nothing.
$(VENV)/.with-uv: .ci/python
	@$(BIN)/python -c "" 2>/dev/null || { \
		python=$$(.ci/python) && echo "Making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV); }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@[ -x $(BIN)/uv ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@touch $@

$(VENV)/.for-running: pyproject.toml uv.lock $(VENV)/.with-uv
	@echo "Installing what the dashboard needs (one to three minutes the first time)"
	@$(SYNC) --no-dev
	@touch $@

$(VENV)/.for-development: pyproject.toml uv.lock $(VENV)/.with-uv
	@echo "Installing what the tests need (one to three minutes the first time)"
	@$(SYNC)
	@touch $@
