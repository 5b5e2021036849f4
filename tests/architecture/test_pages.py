"""Pages made from the code are the code's; every count of a role has its help text."""

import ast
import re
from pathlib import Path

import pytest
from pages import DOCS, PAGES

from ledgerflux.core.product_normalizer import ProductStatistics
from ledgerflux.telemetry.counts import COUNTS, GAUGES
from ledgerflux.telemetry.measures import MEASURES

ROLES = Path(__file__).parents[2] / "ledgerflux"
COUNTED_IN = {
    "exchange": ["roles/exchange.py"],
    "ingest": ["roles/ingest.py"],
    "normalize": ["roles/normalize.py", "roles/normalizer.py", "core/partition_normalizer.py"],
    "snapshot": ["roles/snapshot.py", "roles/history_writer.py", "roles/snapshot_partition.py"],
    "gateway": ["roles/gateway.py", "roles/gateway_client.py", "roles/gateway_door.py"],
}


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_what_the_code_makes_now(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `just docs`"


def counted(path):
    """Yield the names that a file counts: keys of dicts and of items named `counts`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and "counts" in ast.unparse(node.value):
            keys = [node.slice]
        elif isinstance(node, ast.keyword) and node.arg == "counts":
            keys = node.value.keys if isinstance(node.value, ast.Dict) else []
        elif isinstance(node, ast.FunctionDef) and node.name == "counts":
            keys = [k for d in ast.walk(node) if isinstance(d, ast.Dict) for k in d.keys]
        else:
            continue
        yield from (key.value for key in keys if isinstance(key, ast.Constant))


@pytest.mark.parametrize("role", COUNTS)
def test_every_count_of_a_role_has_its_help_text(role):
    names = {name for file in COUNTED_IN[role] for name in counted(ROLES / file)}
    if role == "normalize":
        names |= set(ProductStatistics._fields)
    assert names, "the look itself must find names"
    assert names - set(COUNTS[role]) == set()


def test_every_gauge_is_a_count_of_some_role():
    assert {name for counts in COUNTS.values() for name in counts} >= GAUGES


def test_every_metric_that_a_page_names_is_served():
    served = set(re.findall(r"`(ledgerflux_\w+)`", PAGES["metrics.md"]()))
    packages = {"ledgerflux_cli", "ledgerflux_tui"}
    for page in DOCS.rglob("*.md"):
        named = set(re.findall(r"`(ledgerflux_\w+)`", page.read_text(encoding="utf-8")))
        assert named - packages - served == set(), page.name


MEASURED_IN = {
    "exchange": [],
    "ingest": ["roles/ingest.py"],
    "normalize": ["roles/normalize_measures.py"],
    "snapshot": ["roles/snapshot_measures.py", "roles/nats_watch.py"],
    "gateway": ["roles/gateway.py"],
}


@pytest.mark.parametrize("role", MEASURES)
def test_a_role_measures_what_its_table_says_and_nothing_else(role):
    files = ["roles/runtime.py", *MEASURED_IN[role]]
    found = {
        node.args[0].value
        for file in files
        for node in ast.walk(ast.parse((ROLES / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Sample"
    }
    assert found == set(MEASURES[role])


def test_no_label_of_a_metric_grows_without_bounds():
    labels = {label for table in MEASURES.values() for m in table.values() for label in m.labels}
    assert labels <= {
        "dependency", "partition", "product", "reason", "shard", "side", "state", "stream",
    }  # fmt: skip
