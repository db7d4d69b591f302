# One Makefile for people, CI and SAM. Every target installs what it needs. The only prerequisites are
# Python 3.11 or later, make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SAM_CLI_TELEMETRY := 0
export PYTHONUTF8 := 1

.PHONY: help demo test lint unit deployments others campaign bench embedded docs acceptance release-check deploy clean \
  build-MacroFunction build-ProviderLayer build-HandlerLayer

help: ## list the targets
	@grep -E '^[a-zA-Z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/ready ## deploy the macro and an example with a trigger to a local cloud
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m examples.demo

test: $(VENV)/ready ## run all checks: ruff, mypy --strict, every test
	$(MAKE) --jobs=3 $(SYNC) lint deployments others

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	$(BIN)/actionlint
	$(BIN)/zizmor --quiet --offline --pedantic .github action.yml

unit: $(VENV)/ready
	$(MAKE) --jobs=2 $(SYNC) deployments others

# Deployments mostly wait, so six of them run at a time, in parallel with the other tests if make can
# keep the outputs apart. Each process has its own cloud. What takes longest starts first.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

deployments:
	$(BIN)/pytest --numprocesses=6 --dist=loadscope --no-loadscope-reorder tests/cloud tests/demo

others:
	$(BIN)/pytest --numprocesses=2 --dist=worksteal --ignore=tests/cloud --ignore=tests/demo

campaign: $(VENV)/ready ## run the seeded campaigns in full
	$(BIN)/pytest -m campaign --numprocesses=auto --dist=worksteal

bench: $(VENV)/ready ## compare with other tools, play an account; benchmarks/RESULTS.md has the results
	AWS_DEFAULT_REGION=us-east-1 $(BIN)/python -m benchmarks.macro
	$(BIN)/python -m benchmarks.provider
	$(BIN)/python -m benchmarks.account
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.check
	$(BIN)/python docs/pictures.py

embedded: $(VENV)/ready ## write what stacks embed of the provider
	$(BIN)/python -m trigger_provider.embed

docs: $(VENV)/ready ## build the documentation as a site in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

acceptance: $(VENV)/ready ## prove the promises in the AWS account of the current credentials (YES=1, LONG=1)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m acceptance $(if $(YES),--yes) $(if $(LONG),--long)

release-check: $(VENV)/ready ## build a release into dist, and check it as its users would meet it
	$(BIN)/python -m release

deploy: $(VENV)/ready ## deploy the macro to the AWS account of the current credentials
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam deploy

clean: ## remove everything that was built and installed
	rm -rf $(VENV) .aws-sam build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/ready: pyproject.toml macro/requirements.txt cfn_trigger/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --group dev --editable '.[local]'
	@touch $@

# `sam build` calls this with ARTIFACTS_DIR. The package contains the macro, the text that it embeds
# and troposphere, without what troposphere imports for YAML. If the function's version of Python is
# installed, the package is compiled, which halves the import time; unchecked, because a zip file does
# not preserve the modification times of the sources.
RUNTIME_PYTHON := python3.13
PIP := $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m pip

define COMPILE
if $(RUNTIME_PYTHON) -c '' 2>/dev/null; then \
  $(RUNTIME_PYTHON) -m compileall -q --invalidation-mode unchecked-hash "$(ARTIFACTS_DIR)"; \
fi
endef

build-MacroFunction:
	$(PIP) install --quiet --requirement macro/requirements.txt --target "$(ARTIFACTS_DIR)" \
	  --no-deps --no-compile --only-binary=:all: --python-version 3.13
	rm -rf "$(ARTIFACTS_DIR)/bin"
	cp cfn_trigger/deployment/macro_package/cfn_flip.py "$(ARTIFACTS_DIR)/"
	cp cfn_trigger/deployment/macro_package/troposphere_serverless.py "$(ARTIFACTS_DIR)/troposphere/serverless.py"
	mkdir -p "$(ARTIFACTS_DIR)/macro"
	cp macro/*.py "$(ARTIFACTS_DIR)/macro/"
	$(COMPILE)
	mkdir -p "$(ARTIFACTS_DIR)/trigger_provider"
	cp trigger_provider/embedded.py trigger_provider/compressed.py "$(ARTIFACTS_DIR)/trigger_provider/"

# The modules that templates embed as one text. The bytecode is for the default Runtime of the
# provider; with any other, Python compiles the modules in each cold start.
PROVIDER_MODULES := __init__ text request result decision answer transport calls relay service index

build-ProviderLayer:
	mkdir -p "$(ARTIFACTS_DIR)/python/trigger_provider"
	cp $(PROVIDER_MODULES:%=trigger_provider/%.py) "$(ARTIFACTS_DIR)/python/trigger_provider/"
	$(COMPILE)

# This layer's content is for every Python that Lambda has, so nothing is compiled.
build-HandlerLayer:
	mkdir -p "$(ARTIFACTS_DIR)/python/trigger_handler"
	cp trigger_handler/*.py trigger_handler/py.typed "$(ARTIFACTS_DIR)/python/trigger_handler/"
