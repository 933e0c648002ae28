# alkpool: `make` lists what there is; `make report` makes the book, `make test` proves it.

# What a person gives a variable is data: neither make nor a shell reads it. Of those that other
# programs set too, only what stands on the command line counts.
override export PYTHON := $(or $(value PYTHON),python3)
given = $(if $(filter command,$(origin $1)),$(value $1))
override export NAME := $(call given,NAME)
override export TITLE := $(call given,TITLE)
override export FROM := $(call given,FROM)
override export ONLY := $(call given,ONLY)
override export COHORT := $(call given,COHORT)
override export COHORTS := $(call given,COHORTS)
override export ARGS := $(call given,ARGS)
override export UPGRADE := $(call given,UPGRADE)

PY := .venv/bin/python
BUILD := build
STAMP := .venv/.complete
COMPILE := .venv/bin/uv pip compile --quiet $$UPGRADE --universal --generate-hashes \
  --no-header --no-annotate --python-version 3.11

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Where this is set, Python compiles every module at every start: three times slower.
unexport PYTHONDONTWRITEBYTECODE
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
# The settings of the person who runs it stay out of notebooks and figures.
export IPYTHONDIR := $(CURDIR)/$(BUILD)/ipython
export JUPYTER_CONFIG_DIR := $(CURDIR)/$(BUILD)/jupyter/config
export JUPYTER_DATA_DIR := $(CURDIR)/$(BUILD)/jupyter/data
export MPLCONFIGDIR := $(CURDIR)/$(BUILD)/matplotlib

# An environment knows its own place and its Python: when either has moved, it is made anew.
$(shell [ -x $(PY) ] && [ "$$(cat $(STAMP) 2>/dev/null)" = "$(CURDIR)" ] || rm -f $(STAMP))

.PHONY: help
help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: report
report: $(STAMP) ## Run what changed, make build/book/index.html (ONLY=04)
	@$(PY) -m alkpool.compendium report --cohort="$$COHORT" --only="$$ONLY"

.PHONY: pdf
pdf: report ## Print the report and its summary as PDF; needs Chromium
	@$(PY) -m alkpool.compendium pdf

.PHONY: release
release: report ## Put data, results and book into a folder
	@$(PY) -m alkpool.compendium release

.PHONY: test
test: $(STAMP) ## Check the code, make the book, and run the tests
	@$(MAKE) --jobs=2 lint report
	@$(PY) -m pytest -n 3 --dist loadgroup --durations=10

.PHONY: test-all
test-all: $(STAMP) ## Run every test, also those that take minutes
	@$(MAKE) --jobs=2 lint report
	@$(PY) -m pytest -n 3 --dist loadgroup --durations=10 -m ""

.PHONY: check
check: $(STAMP) ## List every problem of the data (COHORTS="folder ...")
	@if [ "$$COHORTS" ]; then printf '%s' "$$COHORTS" | xargs .venv/bin/alkpool check; \
	else .venv/bin/alkpool check; fi

.PHONY: lab
lab: $(STAMP) folders ## Open the notebooks in JupyterLab (root: ARGS=--allow-root)
	@set -f; $(PY) -m jupyterlab --notebook-dir=notebooks $$ARGS

.PHONY: new
new: $(STAMP) ## Make a chapter of your own (NAME=my-question FROM=chapter)
	@$(PY) -m alkpool.compendium new --title="$$TITLE" --from="$$FROM" -- "$$NAME"

.PHONY: data
data: $(STAMP) ## Make the tables and their dictionary from the raw facts
	@$(PY) -m alkpool.intake.curate

.PHONY: reconstruct
reconstruct: $(STAMP) ## Rebuild the synthetic cohort from the printed numbers
	@$(PY) -m reconstruction
	@$(PY) -m alkpool.intake.curate

.PHONY: ensemble
ensemble: $(STAMP) ## Draw many such cohorts (ARGS="--scheduler ADDRESS")
	@set -f; $(PY) -m reconstruction.ensemble $$ARGS
	@$(PY) -m alkpool.intake.curate

.PHONY: sweep
sweep: $(STAMP) ## Answer many choices for a registry (ARGS=FOLDER)
	@set -f; $(PY) -m alkpool.robustness.large $$ARGS

.PHONY: bench
bench: .venv-bench/.complete ## Measure speed and memory (ARGS="--rows 1000")
	@.venv-bench/bin/python -m pytest -q benchmarks
	@set -f; .venv-bench/bin/python -m benchmarks $$ARGS

.PHONY: lint
lint: $(STAMP) ## Check style, types, layers and lengths
	@$(PY) -m ruff check --quiet
	@$(PY) -m ruff format --check --quiet
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo --no-cache
	@$(PY) tools/budget.py

.PHONY: format
format: $(STAMP) ## Put code and notebooks into the common style
	@$(PY) -m ruff check --fix
	@$(PY) -m ruff format

.PHONY: lock
lock: $(STAMP) ## Write lock files, environment.yml (UPGRADE=--upgrade)
	@echo 'uv>=0.13,<0.14' | $(COMPILE) - -o requirements-uv.lock
	@$(COMPILE) pyproject.toml --group dev -o requirements.lock
	@$(COMPILE) --group bench -c requirements.lock -o requirements-bench.lock
	@$(COMPILE) pyproject.toml --group dev --no-deps --no-strip-extras --no-generate-hashes \
	  -c requirements.lock -o $(BUILD)/listed.txt >/dev/null
	@sed '/pip:$$/q' environment.yml > $(BUILD)/environment.yml
	@sed '/^roc-validator=/d; s/^/  - /' $(BUILD)/listed.txt >> $(BUILD)/environment.yml
	@mv $(BUILD)/environment.yml environment.yml

.PHONY: clean
clean: ## Remove everything made except the environment (.venv)
	@rm -rf $(BUILD) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@# On a full disk Python compiles halves of modules, which it later cannot read.
	@find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: folders
folders:
	@mkdir -p "$(IPYTHONDIR)" "$(JUPYTER_CONFIG_DIR)" "$(JUPYTER_DATA_DIR)" "$(MPLCONFIGDIR)"

# The environment. The stamp is written last, so an interrupted installation is begun again; of two
# makes at once the second waits, and finds it done.
$(STAMP): requirements.lock requirements-uv.lock pyproject.toml
ifndef ALONE
	@mkdir -p $(BUILD)
	@$(shell command -v flock >/dev/null && echo flock $(BUILD)/.venv.lock) $(MAKE) --silent ALONE=yes $@
else
	@command -v "$$PYTHON" >/dev/null || { echo >&2 \
	  "$$PYTHON is not installed: install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=/path/to/python"; exit 1; }
	@"$$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo >&2 \
	  "$$("$$PYTHON" --version) does not fit: install Python 3.11, 3.12 or 3.13 and name it: make PYTHON=python3.12"; exit 1; }
	@"$$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
	  "$$PYTHON cannot make environments; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@echo "making the environment .venv (once; some minutes on a slow line)"
	@[ -f $@ ] || "$$PYTHON" -m venv --clear .venv
	@$(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@.venv/bin/uv pip install --python $(PY) --no-deps --require-hashes -r requirements.lock
	@.venv/bin/uv pip install --python $(PY) --no-deps --no-build-isolation --quiet -e .
	@printf '%s\n' "$(CURDIR)" > $@
endif

# An environment of its own for what only the benchmarks need: no test meets another plugin.
.venv-bench/.complete: requirements-bench.lock $(STAMP)
	@echo "making the environment .venv-bench (once)"
	@"$$PYTHON" -m venv --clear .venv-bench
	@for lock in requirements.lock requirements-bench.lock; do \
	  .venv/bin/uv pip install --python .venv-bench/bin/python --quiet --no-deps --require-hashes -r $$lock || exit 1; \
	done
	@.venv/bin/uv pip install --python .venv-bench/bin/python --no-deps --no-build-isolation --quiet -e .
	@touch $@
