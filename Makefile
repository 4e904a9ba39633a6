# The two commands of a new user are `make run` and `make test`; each installs what it lacks.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
RUN_OUT ?= runs/first-light

.PHONY: help run test check docs benchmark validation picture lock clean

help:
	@echo "make run        install, then fly a lunar month of examples/ilrs.yaml and write its report"
	@echo "make test       install, then run every check and test"
	@echo "make check      ruff, mypy --strict, import-linter"
	@echo "make docs       write the generated reference pages"
	@echo "make benchmark  measure speed and memory"
	@echo "make validation  compare with published numbers; writes docs/validation (needs LUNABASE_DATA)"
	@echo "make picture    run, then take the README's picture of the report"
	@echo "make lock       pin the dependencies anew"

$(VENV)/run.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Lunabase needs Python 3.11 or newer; call make with PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "creating the virtual environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing the pinned packages of requirements.lock (once, a minute or two)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps -e .
	@echo "compiling the numerical kernels (once, half a minute)"
	@$(BIN)/python tools/compile_kernels.py
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-test.lock
	@echo "installing the pinned test packages of requirements-test.lock (once)"
	@$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

run: $(VENV)/run.stamp
	$(BIN)/lunabase run examples/ilrs.yaml --days 29.53 --out $(RUN_OUT) --overwrite

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/test.stamp check
	@tools/install_browser.sh
	$(BIN)/python -m pytest -n auto --dist worksteal

docs: $(VENV)/run.stamp
	$(BIN)/python tools/write_reference.py

benchmark: $(VENV)/test.stamp
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-columns=min,median,rounds

# Every page is written even if an earlier one found a number outside its tolerance.
validation: $(VENV)/run.stamp
	@failed=0; for page in horizons light psr temperature coarse_terrain rcpsp satnet twin; do \
	  $(BIN)/python -m tools.validation.$$page || failed=1; done; exit $$failed

picture: $(VENV)/test.stamp run
	@tools/install_browser.sh
	$(BIN)/python tools/report_picture.py $(RUN_OUT)/report.html docs/images/report.png

lock: $(VENV)/test.stamp
	$(PIP) install uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --extra test -o requirements-test.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url -c requirements-test.lock -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks
