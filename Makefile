# One Makefile for people, CI and SAM. Everything sets itself up; nothing needs to be installed
# but Python 3.11 or later, make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SAM_CLI_TELEMETRY := 0

.PHONY: help demo test lint unit campaign bench deploy clean build-MacroFunction

help: ## what there is to make
	@grep -E '^[a-zA-Z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/ready ## deploy the macro and an example with a trigger to a local cloud, and watch
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m examples.demo

test: lint unit ## check everything: ruff, mypy --strict, every test

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml

unit: $(VENV)/ready
	$(BIN)/pytest -n 2

campaign: $(VENV)/ready ## the seeded campaigns in full
	$(BIN)/pytest -m campaign

deploy: $(VENV)/ready ## deploy the macro to the AWS account of the current credentials
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam deploy

clean: ## remove what was built and installed
	rm -rf $(VENV) .aws-sam build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/ready: pyproject.toml macro/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group dev --requirement macro/requirements.txt
	@touch $@

# `sam build` calls this with ARTIFACTS_DIR. The package holds the macro, the provider's source and
# the few run-time dependencies. It is compiled where the function's own Python is at hand, which
# halves the import; unchecked, since a zip file does not keep the sources' times.
RUNTIME_PYTHON := python3.13
PIP := $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m pip

build-MacroFunction:
	$(PIP) install --quiet --requirement macro/requirements.txt --target "$(ARTIFACTS_DIR)" \
	  --platform manylinux2014_aarch64 --python-version 3.13 --only-binary=:all: --no-compile --no-warn-conflicts
	rm -rf "$(ARTIFACTS_DIR)/bin"
	mkdir -p "$(ARTIFACTS_DIR)/macro" "$(ARTIFACTS_DIR)/trigger_provider"
	cp macro/*.py "$(ARTIFACTS_DIR)/macro/"
	cp trigger_provider/*.py "$(ARTIFACTS_DIR)/trigger_provider/"
	if $(RUNTIME_PYTHON) -c '' 2>/dev/null; then \
	  $(RUNTIME_PYTHON) -m compileall -q --invalidation-mode unchecked-hash "$(ARTIFACTS_DIR)"; \
	fi
