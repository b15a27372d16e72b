.DEFAULT_GOAL := help
UV ?= $(shell command -v uv 2>/dev/null || echo .cache/bootstrap/bin/uv)
RUN := $(UV) run --no-sync
EXTRAS := --extra embedded --extra cli
HOTELS ?= 100000

.PHONY: help setup protos format lint typecheck breaking test test-contract test-e2e demo quality bench clean

help: ## Print the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.cache/bootstrap/bin/uv:
	python3 -m venv .cache/bootstrap
	.cache/bootstrap/bin/python -m pip install --quiet uv

setup: $(if $(findstring .cache,$(UV)),.cache/bootstrap/bin/uv) ## Install everything into .venv and generate the stubs
	@mkdir -p protos/gen/concierge
	$(UV) sync --quiet --frozen $(EXTRAS)
	@$(RUN) python infra/build/protos.py

protos: setup ## Generate the stubs of protos/ into protos/gen

format: setup ## Format and sort imports
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

lint: setup ## Style, import contracts, protos
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) lint-imports
	$(RUN) buf lint

typecheck: setup ## mypy --strict
	$(RUN) mypy

breaking: setup ## Protos against main's last commit
	$(RUN) python infra/build/breaking.py

test: setup ## All tests that need no server of your own
	$(RUN) pytest

test-contract: setup ## The ports' contract suites
	$(RUN) pytest tests/contract

test-e2e: setup ## The whole embedded deployment
	$(RUN) pytest tests/e2e

demo: setup ## A small catalogue, three searches, with plan and reasons
	@$(RUN) python -m services.cli.demo

quality: setup ## The dev sets, scored: make quality DATA=folder [TARGET=host:port]
	$(RUN) python -m tests.quality all $(if $(DATA),--data $(DATA)) $(if $(TARGET),--target $(TARGET))

bench: setup ## Speed and recall: make bench HOTELS=400000
	$(RUN) python -m tests.load.bench --hotels $(HOTELS) $(ARGS)

clean: ## Remove what was generated
	rm -rf .venv .cache protos/gen .mypy_cache .ruff_cache .pytest_cache .hypothesis .data
