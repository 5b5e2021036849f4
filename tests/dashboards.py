"""Writes Grafana's dashboards from the lists below: `python tests/dashboards.py`.

Panels stand in rows of 24 columns. Every selector takes the variables of its dashboard, so that
one dashboard serves every stack its Prometheus sees.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "k8s" / "components" / "monitoring" / "dashboards"
WIDTH = 24
METRIC = re.compile(r"\b(ledgerflux_\w+|process_\w+|up)\b(\{[^}]*\})?")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Panel(NamedTuple):
    """One panel: what it tells, its queries with their legends, its unit and its place."""

    title: str
    told: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    width: int = 8
    height: int = 8
    kind: str = "timeseries"
    line: float | None = None


class Board(NamedTuple):
    """One dashboard: its file, its title, what may be chosen, and its panels in order."""

    uid: str
    title: str
    told: str
    choices: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]


def rate(name: str) -> str:
    """Return how much a counter grows in a second."""
    return f"rate({name}[$__rate_interval])"


def quantile(share: float, histogram: str, by: str = "") -> str:
    """Return a quantile of a histogram."""
    return f"histogram_quantile({share}, sum by (le{by}) ({rate(histogram + '_bucket')}))"


def quantiles(histogram: str) -> tuple[tuple[str, str], ...]:
    """Return three quantiles of a histogram, with their legends."""
    return tuple((quantile(share, histogram), name) for share, name in
                 ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")))  # fmt: skip


GOOD = 'ledgerflux_gateway_delivery_latency_seconds_bucket{le="0.1"}'
ALL = "ledgerflux_gateway_delivery_latency_seconds_count"
PRICE = "ledgerflux_market_price"
MARKET = Board(
    "ledgerflux-market-data",
    "Market Data",
    "Prices, spreads and volumes, and how far they can be trusted.",
    (("product", "label_values(ledgerflux_market_price, product)"),),
    (
        Panel("Price", "Best bid, best ask and last trade of each product.",
              ((PRICE, "{{product}} {{side}}"),), "none", 12, 9),
        Panel("Spread", "Best ask less best bid, as a share of the price.",
              (("ledgerflux_normalize_book_spread_ratio", "{{product}}"),), "percentunit", 6, 9),
        Panel("Volume traded", "Base currency traded in a second, by the taker's side.",
              ((f"sum by (product, side) ({rate('ledgerflux_market_trade_volume_total')})",
                "{{product}} {{side}}"),), "none", 6, 9),
        Panel("Products live", "Books whose feed proves them now.",
              (('sum(ledgerflux_normalize_book_state{state="live"})', "live"),),
              "short", 4, 4, "stat"),
        Panel("Books crossed", "Books whose best bid is not below the best ask.",
              (("sum(ledgerflux_normalize_book_crossed)", "crossed"),), "short", 4, 4, "stat"),
        Panel("Frames missing", "Frames the venue numbered and nobody received.",
              (("sum(ledgerflux_normalize_missing_total)", "missing"),), "short", 4, 4, "stat"),
        Panel("Gaps declared", "Gap events told to clients.",
              (("sum(ledgerflux_normalize_gaps_total)", "gaps"),), "short", 4, 4, "stat"),
        Panel("Clients", "Clients connected to gateways.",
              (("sum(ledgerflux_gateway_clients)", "clients"),), "short", 4, 4, "stat"),
        Panel("Within 100 ms", "Deliveries within 100 ms, of all; the objective is 95 %.",
              ((f"sum({rate(GOOD)}) / sum({rate(ALL)})", "share"),), "percentunit", 4, 4, "stat"),
        Panel("End to end", "From a frame's receipt to its delivery; the line is the objective.",
              quantiles("ledgerflux_gateway_delivery_latency_seconds"), "s", 12, 8, line=0.1),
        Panel("Latency heatmap", "Deliveries by how long they took.",
              ((f"sum by (le) ({rate('ledgerflux_gateway_delivery_latency_seconds_bucket')})",
                "{{le}}"),), "s", 12, 8, "heatmap"),
        Panel("Messages a second", "Frames in, events made, messages out.",
              ((f"sum({rate('ledgerflux_ingest_frames_total')})", "frames"),
               (f"sum({rate('ledgerflux_normalize_norm_events_total')})", "events"),
               (f"sum({rate('ledgerflux_gateway_delivered_total')})", "delivered")), "ops"),
        Panel("Trades a second", "Trades stored, by product.",
              ((rate("ledgerflux_market_trades_total"), "{{product}}"),), "ops"),
        Panel("Book levels", "Price levels of each side.",
              (("ledgerflux_normalize_book_levels", "{{product}} {{side}}"),)),
        Panel("Age of books", "Seconds since the last update of each book.",
              (("time() - ledgerflux_normalize_book_last_update_timestamp_seconds",
                "{{product}}"),), "s"),
        Panel("Last sequence", "Number of the last event of each product.",
              (("ledgerflux_normalize_last_sequence", "{{product}}"),)),
        Panel("Frames rejected", "Frames that could not be taken, by reason.",
              ((f"sum by (reason) ({rate('ledgerflux_normalize_rejected_total')})",
                "{{reason}}"),), "ops"),
    ),
)  # fmt: skip
HEALTH = Board(
    "ledgerflux-system-health",
    "System Health",
    "Every role: whether it can work, how far behind it is, and what it costs.",
    (("shard", "label_values(ledgerflux_normalize_shard_owned, shard)"),),
    (
        Panel("Ready", "Whether each role can do its work.",
              (("ledgerflux_ready", "{{role}} {{instance}}"),), "short", 12, 7),
        Panel("Shards", "Shards configured, and shards that a normalizer owns.",
              (("max(ledgerflux_normalize_shards_configured)", "configured"),
               ("sum(ledgerflux_normalize_shard_owned)", "owned")), "short", 6, 7),
        Panel("Depends on", "Whether what a role needs answers it.",
              (("ledgerflux_dependency_up", "{{job}} {{dependency}}"),), "short", 6, 7),
        Panel("Messages a second by shard", "Frames read; a shard is built for 1,000 a second.",
              (("ledgerflux_normalize_rate", "{{shard}}"),), "ops", line=1000),
        Panel("Lag", "Age of what waits for each shard.",
              (("ledgerflux_normalize_lag_seconds", "{{shard}}"),), "s"),
        Panel("Products by shard", "Products each shard holds.",
              (("ledgerflux_normalize_shard_products", "{{shard}}"),)),
        Panel("Latency by stage", "95 % of each stage's work took at most this.",
              ((quantile(0.95, "ledgerflux_ingest_publish_latency_seconds"), "ingest: publish"),
               (quantile(0.95, "ledgerflux_normalize_latency_seconds"), "normalize"),
               (quantile(0.95, "ledgerflux_gateway_queue_latency_seconds"), "gateway: queue"),
               (quantile(0.95, "ledgerflux_gateway_delivery_latency_seconds"), "delivered")), "s"),
        Panel("Event loop", "99 % of the turns of each role's loop were late by at most this.",
              ((quantile(0.99, "ledgerflux_event_loop_lag_seconds", ", job"), "{{job}}"),), "s"),
        Panel("Reconnects", "Sockets of the venue, and of NATS, made again.",
              ((rate("ledgerflux_ingest_reconnects_total"), "venue"),
               (f"sum by (job) ({rate('ledgerflux_nats_reconnects_total')})", "NATS {{job}}")),
              "ops"),
        Panel("Processor", "Share of a core; the aim is below one half.",
              (("rate(process_cpu_seconds_total[$__rate_interval])", "{{job}} {{instance}}"),),
              "percentunit", line=0.5),
        Panel("Memory", "Resident memory; a role must stay below 512 MiB.",
              (("process_resident_memory_bytes", "{{job}} {{instance}}"),),
              "bytes", line=536870912),
        Panel("Gateway: clients", "Connected, slow, and turned away.",
              (("sum(ledgerflux_gateway_clients)", "connected"),
               ("sum(ledgerflux_gateway_slow_clients)", "slow"),
               (f"sum({rate('ledgerflux_gateway_turned_away_total')})", "turned away a second"))),
        Panel("Gateway: sent", "Bytes written to clients in a second, and bytes that wait.",
              ((f"sum({rate('ledgerflux_gateway_sent_bytes_total')})", "sent a second"),
               ("sum(ledgerflux_gateway_queued_bytes)", "queued")), "bytes"),
        Panel("Gateway: closed for not reading", "Clients closed, and clients that fell behind.",
              ((f"sum({rate('ledgerflux_gateway_closed_4000_total')})", "closed"),
               (f"sum({rate('ledgerflux_gateway_fell_behind_total')})", "fell behind")), "ops"),
        Panel("Appends in doubt", "Appends to the log that were settled by reading it.",
              ((f"sum({rate('ledgerflux_ingest_append_doubts_total')})", "ingest"),
               (f"sum({rate('ledgerflux_normalize_append_doubts_total')})", "normalize")), "ops"),
        Panel("NATS: bytes of streams", "What each stream holds.",
              (("ledgerflux_jetstream_stream_bytes", "{{stream}}"),), "bytes"),
        Panel("NATS: durable", "1 where what is acknowledged is on the disk.",
              (("ledgerflux_jetstream_sync_always", "sync always"),), "short", 4, 8, "stat"),
        Panel("NATS: storage used", "Share of what JetStream may store.",
              (("ledgerflux_jetstream_storage_used_ratio", "used"),), "percentunit", 4, 8, "stat"),
        Panel("History: books stored", "Book bodies and transactions written to Postgres.",
              ((rate("ledgerflux_snapshot_books_total"), "books"),
               (rate("ledgerflux_snapshot_writes_total"), "transactions")), "ops"),
        Panel("Targets", "Whether Prometheus reaches each process.",
              (("up", "{{job}} {{instance}}"),)),
    ),
)  # fmt: skip
BOARDS = (MARKET, HEALTH)


def selecting(expression: str, labels: Sequence[str]) -> str:
    """Return an expression whose every selector takes the variables of the dashboard."""
    wanted = ['job=~"$job"', 'instance=~"$instance"', *(f'{name}=~"${name}"' for name in labels)]

    def told(found: "re.Match[str]") -> str:
        own = [found[2][1:-1]] if found[2] else []
        return f"{found[1]}{{{', '.join([*own, *wanted])}}}"

    return METRIC.sub(told, expression)


def labels_of(board: Board, legend: str, expression: str) -> list[str]:
    """Return which of the dashboard's choices the series of an expression have."""
    names = [name for name, _ in board.choices]
    return [name for name in names if f"{{{{{name}}}}}" in legend or f"({name}" in expression]


def placed(board: Board) -> list[dict[str, Any]]:
    """Return the panels in rows: a row ends where the next panel does not fit."""
    found, x, y, deep = [], 0, 0, 0
    for number, panel in enumerate(board.panels, 1):
        if x + panel.width > WIDTH:
            x, y, deep = 0, y + deep, 0
        found.append(_panel(board, number, panel, x, y))
        x, deep = x + panel.width, max(deep, panel.height)
    return found


def _panel(board: Board, number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.line is not None:
        steps.append({"color": "red", "value": panel.line})
    custom = {} if panel.kind != "timeseries" else {
        "lineWidth": 1, "fillOpacity": 5, "showPoints": "never",
        "thresholdsStyle": {"mode": "off" if panel.line is None else "line"},
    }  # fmt: skip
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.told,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit, "custom": custom,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}}
        if panel.kind == "timeseries" else {},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": SOURCE,
                "expr": selecting(expression, labels_of(board, legend, expression)),
                "legendFormat": legend,
                "format": "heatmap" if panel.kind == "heatmap" else "time_series",
            }
            for index, (expression, legend) in enumerate(panel.queries)
        ],
    }  # fmt: skip


def document(board: Board) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it."""
    choices = (
        ("job", "label_values(ledgerflux_build_info, job)"),
        ("instance", 'label_values(ledgerflux_build_info{job=~"$job"}, instance)'),
        *board.choices,
    )
    variables: list[dict[str, Any]] = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    ]
    variables += [
        {
            "name": name, "label": name.capitalize(), "type": "query", "datasource": SOURCE,
            "query": query, "refresh": 2, "includeAll": True, "allValue": ".*", "multi": True,
            "current": {"text": ["All"], "value": ["$__all"]}, "sort": 1,
        }
        for name, query in choices
    ]  # fmt: skip
    return {
        "uid": board.uid, "title": board.title, "description": board.told, "tags": ["ledgerflux"],
        "editable": False, "schemaVersion": 39, "refresh": "5s", "graphTooltip": 1,
        "time": {"from": "now-15m", "to": "now"}, "timezone": "utc",
        "templating": {"list": variables}, "panels": placed(board), "annotations": {"list": []},
    }  # fmt: skip


def file_of(board: Board) -> Path:
    """Return where a dashboard lies."""
    return FOLDER / f"{board.uid.removeprefix('ledgerflux-')}.json"


def text_of(board: Board) -> str:
    """Return what its file holds."""
    return json.dumps(document(board), indent=2) + "\n"


def main() -> int:
    """Write all dashboards."""
    for board in BOARDS:
        file_of(board).write_text(text_of(board))
    return 0


if __name__ == "__main__":
    sys.exit(main())
