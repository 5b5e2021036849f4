"""Recipes: one for each `make` target that the first project's README and testing guide name."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.targets import TARGETS

ROOT = Path(__file__).parents[2]
JUST = Path(sys.executable).parent / "just"
README = [
    "install",
    "up",
    "down",
    "status",
    "test",
    "lint",
    "typecheck",
    "mypy",
    "clean",
    "help",
    "grafana",
    "prometheus",
    "gateway-ui",
    "compose-up",
    "compose-down",
    "run-ingestor",
    "run-normalizer",
    "run-snapshotter",
    "run-gateway",
    "test-client",
    "docker-build-all",
    "deploy-local",
    "dev",
]
TESTING_GUIDE = [
    "compose-up",
    "run-ingestor",
    "run-normalizer",
    "run-snapshotter",
    "run-gateway",
    "test-client-basic",
    "test-client-load",
    "k8s-all",
    "k8s-setup",
    "k8s-test",
    "k8s-load",
    "k8s-metrics",
    "k8s-status",
    "k8s-cleanup",
]
OTHERS = ("skaffold", "docker", "rm", "mkdir", "just")
"""Programs that are not ours."""


@pytest.fixture(scope="module")
def recipes():
    dumped = subprocess.run(
        [JUST, "--dump", "--dump-format", "json"], cwd=ROOT, capture_output=True, check=True
    )
    return json.loads(dumped.stdout)["recipes"]


def lines_of(recipe):
    """Return the lines of a recipe, `ARGS` and other parts that are filled in left out."""
    for fragments in recipe["body"]:
        text = "".join(part if isinstance(part, str) else " " for part in fragments)
        yield text.lstrip("@-").strip()


@pytest.mark.parametrize("name", sorted({*README, *TESTING_GUIDE}))
def test_every_make_target_is_a_recipe_that_is_told_in_the_list(recipes, name):
    recipe = recipes[name]
    assert recipe["doc"]
    assert recipe["body"] or recipe["dependencies"]


def test_what_a_recipe_needs_is_a_recipe(recipes):
    for recipe in recipes.values():
        assert {one["recipe"] for one in recipe["dependencies"]} <= set(recipes)


def test_every_line_of_lf_is_a_command_with_flags_that_it_has(recipes):
    found = [
        line
        for recipe in recipes.values()
        for line in lines_of(recipe)
        if re.search(r"\brun (--group \w+ )?lf ", line)
    ]
    assert len(found) > 15
    for line in found:
        check_lf(shlex.split(line.partition(" lf ")[2]))


def check_lf(words):
    """The command, and a flag's name and value as far as they are known, exist."""
    assert words[0] in {entry.name for entry in COMMANDS}, words
    named = words[:2] if words[0] in ("run", "bench") else words[:1]
    helped = subprocess.run(
        [sys.executable, "-m", "ledgerflux_cli", *named, "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for flag in (word for word in words if word.startswith("--")):
        assert re.search(rf"(?<![\w-]){flag}(?![\w-])", helped), (words, flag)
    if "--target" in words:
        assert words[words.index("--target") + 1] in TARGETS


def test_every_other_line_runs_a_program_or_a_file_that_is_here(recipes):
    for name, recipe in recipes.items():
        for line in lines_of(recipe):
            words = [word for word in shlex.split(line) if "=" not in word]
            if words[0] in OTHERS or words[0] in ("run", "sync"):
                for file in (word for word in words if word.endswith(".py")):
                    assert (ROOT / file).is_file(), (name, line)
            else:
                assert words[0] in ("run", "sync"), (name, line)
