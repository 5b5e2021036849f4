"""Pages of docs/ that are made from the code: `python tests/pages.py` writes them all."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from ledgerflux.bench.page import page
from ledgerflux.bench.suites import SUITES, read_document
from ledgerflux.core.timings import Timings
from ledgerflux.settings.page import settings_page
from ledgerflux.telemetry.counts import COUNTS
from ledgerflux.telemetry.measures import MEASURES, Sample
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
        "label `shard` is a normalizer's number. A histogram has `_bucket`, `_sum` and `_count`.",
        "Metrics of NATS are there where `nats_monitor_url` is set; those of products once one is",
        "known. None has a label for a client, an address, a request or an order.",
    ]
    for role in COUNTS:
        lines += [
            "",
            f"## {role}",
            "",
            "| metric | type | labels | meaning |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| `{family.name}` | {family.type} | {words(family)} | {family.documentation} |"
            for family in families(role)
        ]
    return "\n".join(lines) + "\n"


def families(role):
    """Yield all families that a role with everything to say would serve, named as in queries."""
    parts = [] if role == "exchange" else [PartitionHealth(0, [])]
    health = Health(
        role, "0", 1, "ready", 0, 0, p50_ms=1.0, p95_ms=1.0, p99_ms=1.0, p999_ms=1.0,
        counts=dict.fromkeys(COUNTS[role], 1), partitions=parts,
    )  # fmt: skip
    samples = [
        Sample(name, Timings() if measure.kind == "histogram" else 1, measure.labels)
        for name, measure in MEASURES[role].items()
    ]
    for family in text_string_to_metric_families(render(health, samples).decode()):
        family.name += "_total" if family.type == "counter" else ""
        yield family


def words(family):
    """Return the labels of a family, but that of a histogram's cells."""
    labels = {label for sample in family.samples for label in sample.labels} - {"le"}
    return ", ".join(f"`{label}`" for label in sorted(labels))


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
