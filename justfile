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

# Coverage: 85 % of all; each pure module whole, by its own test file
[group('develop')]
coverage:
    {{uv}} run pytest tests/unit tests/roles tests/contract --cov --cov-context=test --cov-report=xml --cov-report=term:skip-covered --cov-fail-under=85
    {{uv}} run python tests/own_coverage.py

# The slow lanes: whole stacks, killed and restarted
[group('develop')]
test-slow *ARGS:
    {{uv}} run pytest -m "slow or fault" {{ARGS}}

# Make the pages of docs/ that come from the code
[group('develop')]
docs:
    {{uv}} run python tests/pages.py

# Remove what tools left in the tree
[group('develop')]
clean:
    rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache htmlcov .coverage coverage.xml junit.xml dist
