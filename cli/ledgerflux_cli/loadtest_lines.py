"""The report of a load test and its live screen as lines: what a person reads."""

from typing import TYPE_CHECKING

from ledgerflux_tui.lines import Line, Style

if TYPE_CHECKING:
    from ledgerflux.loadtest.report import Asked, Latency, Missing, Report, Threshold
    from ledgerflux.loadtest.run import View

BAR_WIDTH = 30
ROWS_MAX = 12
COLUMNS = ("p50", "p90", "p95", "p99", "p999", "max")
EIGHTHS = " ▏▎▍▌▋▊▉"
VERDICTS: dict[str, tuple[str, Style]] = {
    "pass": ("PASS", "good"),
    "fail": ("FAIL", "bad"),
    "invalid": ("INVALID", "warn"),
    "interrupted": ("INTERRUPTED", "warn"),
}


def live_lines(view: "View") -> list[Line]:
    """Return what is known while it runs."""
    measured = view.measurement
    counts = measured.counts
    asked_s = f" of {view.duration_s:.0f} s" if view.duration_s else " s"
    phase = "connecting" if view.seconds < 0 else f"{view.seconds:5.1f}{asked_s}"
    gaps = sum(counts.missed.values())
    latency = measured.latency
    times = " ".join(
        f"p{percent} {_ms(latency.percentile_ms(percent))}" for percent in (50, 95, 99)
    )
    troubles = (
        f"gaps {gaps:,} · violations {counts.violations:,} · "
        f"errors {sum(counts.errors.values()):,} · "
        f"disconnects {sum(counts.disconnects.values()):,}"
    )
    lines = [
        _line(f"{phase} · clients {measured.subscribed} · updates {counts.updates:,} · {times} ms"),
        _line(troubles, "bad" if gaps or counts.violations else "plain"),
    ]
    if view.status is not None:
        lines.append(_line(_busiest(view.status["services"])))
    return lines


def report_lines(report: "Report") -> list[Line]:
    """Return the whole report."""
    return [
        *_head(report),
        _line(),
        *_latency_table(report),
        *_bars(report),
        *_integrity(report),
        *_generator(report),
        *_roles(report),
        *_recovery(report),
        *_thresholds(report),
    ]


def _followed(asked: "Asked") -> str:
    """Return what each client follows."""
    if asked.products_each is None:
        return ", ".join(asked.products) or "all products"
    return f"{asked.products_each} product{'s' * (asked.products_each != 1)} each"


def _head(report: "Report") -> list[Line]:
    clients, rate, delivered = report.clients, report.rate, report.delivered
    total = report.asked.clients + report.asked.greedy
    own = "own stack" if report.own_stack else report.gateway
    asked = "" if rate.asked is None else f" {rate.asked:,.0f}/s asked"
    held = "held ?" if rate.held is None else f"held {rate.held:,.0f}/s"
    lines = [
        _line(
            f"clients {clients.subscribed}/{total} · {_followed(report.asked)} · "
            f"{report.seconds:.1f} s · {own} · {report.source}"
        ),
        _line(
            f"source{asked} {held} · delivered {delivered.updates_per_s:,.0f}/s, "
            f"{delivered.updates:,} updates"
        ),
    ]
    troubles = [
        *(f"{count} errors {code}" for code, count in clients.errors.items()),
        *(f"{count} disconnects {code}" for code, count in clients.disconnects.items()),
    ]
    notes = [
        f"{clients.reconnects} reconnects asked for" if clients.reconnects else "",
        f"{clients.slow_disconnects} slow clients closed" if clients.slow_disconnects else "",
        f"{clients.throttled} throttled" if clients.throttled else "",
    ]
    if troubles:
        lines.append(_line(" · ".join(troubles), "bad"))
    if any(notes):
        lines.append(_line(" · ".join(filter(None, notes))))
    return lines


def _latency_table(report: "Report") -> list[Line]:
    times = report.latency_ms
    basis = {
        "planned": "from planned publish time to client",
        "receive": "end to end from ts_receive of ingest to client",
    }[times.basis]
    lines = [
        _line(f"{'latency ms':<20}" + "".join(f"{name:>9}" for name in COLUMNS) + f"   {basis}")
    ]
    lines += [_row("all", times.all)]
    if times.slow is not None:
        lines.append(_row("slow clients", times.slow))
    if times.slowest_client is not None:
        one = times.slowest_client
        blank = " " * 9
        lines.append(
            _line(
                f"{f'slowest client #{one.number}':<20}{one.p50:9.1f}{blank}{one.p95:9.1f}"
                f"{one.p99:9.1f}{blank}{one.max:9.1f}"
            )
        )
    lines.append(_row("first snapshot", times.first_snapshot))
    return lines


def _row(name: str, latency: "Latency | None") -> Line:
    if latency is None:
        return _line(f"{name:<20}" + "".join(f"{'-':>9}" for _ in COLUMNS))
    return _line(f"{name:<20}" + "".join(f"{getattr(latency, part):9.1f}" for part in COLUMNS))


def _bars(report: "Report") -> list[Line]:
    lines: list[Line] = []
    low = "0"
    for bar in report.latency_ms.bars:
        high = "more" if bar.upto_ms is None else f"{bar.upto_ms:g}"
        if bar.share > 0:
            lines.append(_line(f"{f'{low}-{high}':>10} {_bar(bar.share)} {bar.share:6.1%}", "dim"))
        low = high
    return lines


def _bar(share: float) -> str:
    eighths = round(share * BAR_WIDTH * 8)
    text = "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
    return f"{text:<{BAR_WIDTH}}"


def _integrity(report: "Report") -> list[Line]:
    it = report.integrity
    bad = bool(it.gaps or it.violations or it.duplicates or it.out_of_order)
    lines = [
        _line(
            f"gaps {it.gaps:,} · violations {it.violations:,} · duplicates {it.duplicates:,} · "
            f"out of order {it.out_of_order:,} · epochs changed {it.epochs:,} · "
            f"books live {it.books_live}/{it.books}",
            "bad" if bad else "plain",
        )
    ]
    if it.why:
        lines.append(_line(f"  first violation: {it.why}", "bad"))
    lines += _missing("missing", it.missing, "bad")
    skipped: dict[str, int] = {}
    for row in it.skipped:
        skipped[row.cause] = skipped.get(row.cause, 0) + row.count
    for cause, count in skipped.items():
        lines.append(_line(f"  skipped {count:,}: {cause}"))
    return lines


def _missing(word: str, rows: "list[Missing]", style: Style) -> list[Line]:
    lines = [
        _line(f"  {word} {row.count:,} of {row.product} {row.channel}: {row.cause}", style)
        for row in rows[:ROWS_MAX]
    ]
    if len(rows) > ROWS_MAX:
        lines.append(_line(f"  and of {len(rows) - ROWS_MAX} streams more", style))
    return lines


def _generator(report: "Report") -> list[Line]:
    it = report.generator
    said = "valid" if it.valid else "NOT valid"
    cpu = "?" if it.cpu is None else f"{it.cpu:.0%}"
    lines = [
        _line(
            f"generator   loop lag p99 {_ms(it.lag_p99_ms)} ms · CPU {cpu} of a core · "
            f"{report.asked.processes} process(es) → measurement {said}",
            "plain" if it.valid else "warn",
        )
    ]
    lines += [_line(f"  {reason}", "warn") for reason in it.doubts]
    return lines


def _roles(report: "Report") -> list[Line]:
    cells = [
        f"{role.name} {role.cpu_mean:.0%} (max {role.cpu_max:.0%}) {role.rss_bytes_max >> 20} MiB"
        for role in report.roles
    ]
    lines = [_line("roles       CPU of a core, memory")] if cells else []
    lines += [_line("  " + " · ".join(cells[at : at + 3])) for at in range(0, len(cells), 3)]
    return lines + [_line(f"  {problem}", "warn") for problem in report.problems[:ROWS_MAX]]


def _recovery(report: "Report") -> list[Line]:
    return [
        _line(
            f"recovery    {row.fault}: "
            + ("not in time" if row.seconds is None else f"{row.seconds:.1f} s"),
            "bad" if row.seconds is None else "plain",
        )
        for row in report.recovery
    ]


def _thresholds(report: "Report") -> list[Line]:
    lines: list[Line] = [_line()]
    for one in report.thresholds:
        mark = "✓" if one.ok else "✗"
        least = one.key in ("min_rate", "snapshots", "throttled")
        sign = ("≥" if least else "≤") if one.ok else ("<" if least else ">")
        text = f"{mark} {one.key}: not measured"
        if one.actual is not None:
            text = f"{mark} {one.key} {_value(one, one.actual)} {sign} {_value(one, one.limit)}"
        lines.append(_line(text, "good" if one.ok else "bad"))
    word, style = VERDICTS[report.verdict]
    return [*lines, [(word, style)]]


def _value(one: "Threshold", value: float) -> str:
    match one.unit:
        case "ms":
            return f"{value:.1f} ms"
        case "s":
            return f"{value:.1f} s"
        case "share":
            return f"{value:.0%}"
        case "bytes":
            return f"{value / 1024**2:.0f} MiB"
        case _:
            return f"{value:,.0f}"


def _busiest(services: list[dict[str, object]]) -> str:
    rows = sorted(services, key=lambda row: -float(str(row["cpu"])))
    return "CPU " + " · ".join(f"{row['name']} {float(str(row['cpu'])):.0%}" for row in rows[:5])


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _line(text: str = "", style: Style = "plain") -> Line:
    return [(text, style)]
