"""Pages of docs/ that are made from the code: `python tests/pages.py` writes them all."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from ledgerflux.bench.page import page
from ledgerflux.bench.suites import SUITES, read_document
from ledgerflux.settings.page import settings_page
from ledgerflux.telemetry.counts import COUNTS
from ledgerflux.telemetry.metrics import render
from ledgerflux.wire import gateway_schemas as schemas
from ledgerflux.wire.health import Health, PartitionHealth
from ledgerflux_cli.completion_table import table
from ledgerflux_cli.reference import commands_page, errors_page
from ledgerflux_tui.page import dashboard_page

DOCS = Path(__file__).parents[1] / "docs"


def metrics():
    """Return docs/metrics.md: what each role's `/metrics` serves."""
    lines = [
        "# Metrics",
        "",
        "Made from the code by `just docs`. Every role serves these on `/metrics` of its own port;",
        "label `instance` is the shard's number or `0`.",
    ]
    for role in COUNTS:
        lines += ["", f"## {role}", "", "| metric | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {kind} | {text} |" for name, kind, text in families(role)]
    return "\n".join(lines) + "\n"


def families(role):
    """Yield name, type and help of all that a role with everything to say would serve."""
    health = Health(
        role, "0", 1, "ready", 0, 0, p50_ms=1.0, p95_ms=1.0, p99_ms=1.0, p999_ms=1.0,
        counts=dict.fromkeys(COUNTS[role], 1), partitions=[PartitionHealth(0, [])],
    )  # fmt: skip
    for family in text_string_to_metric_families(render(health).decode()):
        total = "_total" if family.type == "counter" else ""
        yield family.name + total, family.type, family.documentation


def benchmarks():
    """Return docs/benchmarks.md: the reports that `just bench` has left, beside earlier ones."""
    return page(reports(DOCS / "benchmarks"), reports(DOCS / "benchmarks" / "before"))


def reports(folder):
    """Return the reports in `folder`, in the order of the suites."""
    paths = [folder / f"{suite}.json" for suite in SUITES]
    return [read_document(path) for path in paths if path.is_file()]


PAGES = {
    "../cli/ledgerflux_cli/completion.json": table,
    "benchmarks.md": benchmarks,
    "cli.md": commands_page,
    "dashboard.md": dashboard_page,
    "errors.md": errors_page,
    "metrics.md": metrics,
    "schemas/asyncapi.json": lambda: schemas.as_text(schemas.asyncapi()),
    "schemas/documents.json": lambda: schemas.as_text(schemas.documents()),
    "schemas/messages.json": lambda: schemas.as_text(schemas.messages()),
    "schemas/requests.json": lambda: schemas.as_text(schemas.requests()),
    "settings.md": settings_page,
}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
