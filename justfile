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
