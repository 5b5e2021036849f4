# `just` alone lists what there is

export LF_SOURCE := env("LF_SOURCE", "synthetic")
# `uv run` names itself in UV; elsewhere pip has installed it as a module
uv := env("UV", "python3 -m uv")

_default:
    @just --list --unsorted

# Install everything, checkers included
[group('develop')]
setup:
    {{uv}} sync --group check

# Start the whole on this machine; Ctrl-C ends it
[group('run')]
up *ARGS:
    {{uv}} run lf up {{ARGS}}

# All checkers, in the order of CI
[group('develop')]
check:
    {{uv}} run --group check ruff format --check .
    {{uv}} run --group check ruff check .
    {{uv}} run --group check mypy
    {{uv}} run --group check basedpyright
    {{uv}} run --group check lint-imports

# Write what the formatter would
[group('develop')]
format:
    {{uv}} run --group check ruff format .
    {{uv}} run --group check ruff check --fix .

# The default tests, with coverage in htmlcov/
[group('develop')]
test *ARGS:
    {{uv}} run pytest --cov --cov-report=term:skip-covered --cov-report=html {{ARGS}}

# Coverage by the unit tests; each pure module must be whole, by its own test file
[group('develop')]
coverage:
    {{uv}} run pytest tests/unit --cov --cov-context=test --cov-report=xml --cov-report=term:skip-covered
    {{uv}} run python tests/own_coverage.py

# The slow lanes: whole stacks, killed and restarted
[group('develop')]
test-slow *ARGS:
    {{uv}} run pytest -n 0 -m "slow or fault" {{ARGS}}

# Image, compose, manifests, alerts and dashboards, on a Docker Engine and a Prometheus of their own
[group('develop')]
test-deploy *ARGS:
    {{uv}} run --group deploy pytest -n 0 -m deploy {{ARGS}}

# Measure this machine, recordings as arguments (`--recording FILE`); writes docs/benchmarks.md
[group('develop')]
bench *ARGS:
    mkdir -p docs/benchmarks
    -{{uv}} run lf bench normalize --duration 20s --peers --json docs/benchmarks/normalize.json {{ARGS}}
    -{{uv}} run lf bench ingest --duration 20s --json docs/benchmarks/ingest.json {{ARGS}}
    -{{uv}} run lf bench e2e --duration 20s --rate max --json docs/benchmarks/e2e.json {{ARGS}}
    -{{uv}} run lf bench gateway --duration 10s --peers --json docs/benchmarks/gateway.json
    {{uv}} run python tests/pages.py
    {{uv}} run python tests/goldens.py

# Make the pages of docs/ that come from the code, and what the tests of the command line expect
[group('develop')]
docs:
    {{uv}} run python tests/pages.py
    {{uv}} run python tests/goldens.py

# What the dashboard costs in a real terminal, at 5,000 updates a second; on a quiet machine
[group('develop')]
bench-tui *ARGS:
    {{uv}} run python tests/bench/tui.py {{ARGS}}

# Blank each presenter, key and size class of the dashboard: a test must notice
[group('develop')]
mutate-tui *WORDS:
    {{uv}} run python tests/mutate_tui.py {{WORDS}}

# Outages as long as promised: NATS 30 s, Postgres 60 s; what it measured is printed
[group('develop')]
long-faults *ARGS:
    LF_LONG_FAULTS=1 {{uv}} run pytest -s -m fault tests/system/test_outages.py {{ARGS}}

# The gateway under inputs drawn at random, for seconds; LF_FUZZ_SEED draws the same ones again
[group('develop')]
long-fuzz SECONDS="90" *ARGS:
    LF_LONG_FUZZ={{SECONDS}} {{uv}} run pytest -s -n 0 -m slow tests/system/test_fuzz.py {{ARGS}}

# Strict clients behind failing lines for so many deliveries; what there was to see is printed after each round
[group('develop')]
long-strict DELIVERIES="10000000" *ARGS:
    LF_LONG_STRICT={{DELIVERIES}} {{uv}} run pytest -s -n 0 -m slow tests/system/test_strict.py {{ARGS}}

# Remove what tools left in the tree
[group('develop')]
clean:
    rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache htmlcov .coverage coverage.xml junit.xml dist

# What `make` did in the first project, under the same names; each is a line of `lf` or of `just`

# Install what the stack and its tests need
[group('names of the first project')]
install:
    {{uv}} sync

# Every recipe
[group('names of the first project')]
help:
    @just --list --unsorted

# Stop the stack of the data directory, wherever it runs
[group('names of the first project')]
down *ARGS:
    {{uv}} run lf down {{ARGS}}

# How that stack is
[group('names of the first project')]
status *ARGS:
    {{uv}} run lf status {{ARGS}}

# The linter alone
[group('names of the first project')]
lint:
    {{uv}} run --group check ruff check .
    {{uv}} run --group check ruff format --check .

# The type checker alone
[group('names of the first project')]
typecheck:
    {{uv}} run --group check mypy

# The same
[group('names of the first project')]
mypy: typecheck

# Grafana of a cluster: address and login
[group('names of the first project')]
grafana:
    {{uv}} run lf open grafana

# Prometheus of a cluster
[group('names of the first project')]
prometheus:
    {{uv}} run lf open prometheus

# The gateway's page
[group('names of the first project')]
gateway-ui:
    {{uv}} run lf open gateway

# The inner loop on Kubernetes: what is changed is built and deployed anew
[group('names of the first project')]
dev:
    skaffold dev

# NATS and Postgres alone, for roles that are run by hand
[group('names of the first project')]
compose-up:
    {{uv}} run lf up --detach nats postgres

# Stop them
[group('names of the first project')]
compose-down:
    {{uv}} run lf down

# Everything installed, NATS and Postgres up
[group('names of the first project')]
dev-setup: install compose-up

# The market that ingest reads from: in a terminal of its own, as each role
[group('names of the first project')]
run-exchange *ARGS:
    {{uv}} run lf run exchange {{ARGS}}

# The role ingest
[group('names of the first project')]
run-ingestor *ARGS:
    {{uv}} run lf run ingest {{ARGS}}

# One normalizer, which is the only shard unless told otherwise
[group('names of the first project')]
run-normalizer *ARGS="--shard 0 --shards 1":
    {{uv}} run lf run normalize {{ARGS}}

# The role snapshot
[group('names of the first project')]
run-snapshotter *ARGS:
    {{uv}} run lf run snapshot {{ARGS}}

# The role gateway
[group('names of the first project')]
run-gateway *ARGS:
    {{uv}} run lf run gateway {{ARGS}}

# A client that prints what it gets
[group('names of the first project')]
test-client *ARGS:
    {{uv}} run lf sub {{ARGS}}

# Two products for half a minute; ends with 7 at the first loss that nobody announced
[group('names of the first project')]
test-client-basic:
    {{uv}} run lf sub BTC-USD ETH-USD --strict --duration 30s

# Ten strict clients for a minute
[group('names of the first project')]
test-client-load:
    {{uv}} run lf loadtest --clients 10 --duration 60s

# The image of all roles
[group('names of the first project')]
docker-build-all:
    docker build -t ledgerflux:dev .

# The whole on Minikube
[group('names of the first project')]
deploy-local *ARGS:
    {{uv}} run --group deploy lf up --target minikube {{ARGS}}

# The same
[group('names of the first project')]
k8s-setup: deploy-local

# Is what the cluster sends whole, for half a minute
[group('names of the first project')]
k8s-test: test-client-basic

# Its load test
[group('names of the first project')]
k8s-load: test-client-load

# Its metrics
[group('names of the first project')]
k8s-metrics: prometheus

# Workloads, image, network policies and addresses of the cluster
[group('names of the first project')]
k8s-status:
    {{uv}} run --group deploy lf status --target minikube

# Delete what was deployed and the cluster that lf made
[group('names of the first project')]
k8s-cleanup:
    {{uv}} run --group deploy lf down --target minikube --cluster --yes

# Set up, test, look at the metrics
[group('names of the first project')]
k8s-all: k8s-setup k8s-test k8s-metrics

# What only a real cluster proves, as a checklist; leaves a dated report in docs/clusters/
[group('develop')]
verify-minikube *ARGS:
    {{uv}} run --group deploy python tests/verify_minikube.py {{ARGS}}
