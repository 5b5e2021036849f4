"""`lf loadtest`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux.errors import ConfigError, GatewayError, LedgerFluxError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import DataDir, Gateway, checked, chosen, read_duration
from ledgerflux_cli.output import say, write, write_lines

if TYPE_CHECKING:
    from ledgerflux.loadtest.assemble import Target
    from ledgerflux.loadtest.plan import LoadPlan
    from ledgerflux.loadtest.report import Report
    from ledgerflux.settings import UpRequest
    from ledgerflux.stack.events import Event
    from ledgerflux.stack.loadtesting import LoadTest

STDOUT = "-"
FLAGS = {
    "duration_s": "--duration",
    "ramp_s": "--ramp",
    "channels": "--channel",
    "churn_per_s": "--churn",
}
"""Flags of values with another name."""


@examples(
    "lf loadtest --clients 100 --duration 60s --slo p95=10ms --slo gaps=0",
    "lf loadtest --clients 200 --slow 5 --churn 2 --json report.json",
    "lf loadtest --scenario recovery",
)
def loadtest(
    clients: Annotated[
        int | None, typer.Option("--clients", metavar="N", help="How many; default 100.")
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option("--duration", metavar="DURATION", help="Measured time; default 30s."),
    ] = None,
    ramp: Annotated[
        str | None,
        typer.Option(
            "--ramp", metavar="DURATION", help="Time before it to connect in; default 5s."
        ),
    ] = None,
    products: Annotated[
        str | None,
        typer.Option(
            "--products",
            metavar="N-each|ID,ID|all",
            help="What each client follows: N of the products in turn, these, or all; "
            "default 3-each.",
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="CHANNEL",
            help="level2, trades, ticker or status; may be repeated; default level2.",
        ),
    ] = None,
    slow: Annotated[
        int, typer.Option("--slow", metavar="N", help="Of the clients, those that read slowly.")
    ] = 0,
    churn: Annotated[
        float, typer.Option("--churn", metavar="R", help="Reconnects a second of all clients.")
    ] = 0.0,
    compress: Annotated[
        bool, typer.Option("--compress", help="Ask the gateway for compressed messages.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", metavar="N", help="Processes that make the load.")
    ] = 1,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            metavar="NAME",
            help="basic, load, recovery or performance: options and limits of a known test.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="Of a stack of its own, where none runs; default synthetic:1000.",
        ),
    ] = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            "--slo",
            metavar="KEY=LIMIT",
            help="A limit, such as p95=10ms; may be repeated; none for none.",
        ),
    ] = None,
    json_to: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE|-", help="Write lf.loadtest/1 there, - for stdout."),
    ] = None,
    hdr: Annotated[
        Path | None,
        typer.Option("--hdr", metavar="FILE", help="Write the HDR percentile distribution."),
    ] = None,
    no_live: Annotated[bool, typer.Option("--no-live", help="Say nothing while it runs.")] = False,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Decides which clients reconnect.")
    ] = 1,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Stands in the report.")] = "",
    data_dir: DataDir = None,
    gateway: Gateway = None,
) -> int:
    """Load the gateway with strict clients; measure what each one gets.

    Latency counts from the planned publish time of the synthetic market, else from ts_receive.
    Every client checks every message. Without a stack, one of its own is started and ended.

    Limits: p50 p95 p99 gaps violations errors disconnects min_rate cpu rss recovery. Exit 0 met,
    99 one failed, 98 the measurement can't be trusted, 3 no gateway.
    """
    from ledgerflux.loadtest.plan import DEFAULT_SLOS, EACH, SCENARIOS
    from ledgerflux.loadtest.verdict import parse_slos
    from ledgerflux.stack.loadtesting import LoadTest
    from ledgerflux_cli.gateway_http import closed
    from ledgerflux_cli.loadtest_live import Screen

    if scenario is not None and scenario not in SCENARIOS:
        raise ConfigError(
            f"--scenario: {scenario!r} is none of {', '.join(SCENARIOS)}", code="bad_argument"
        )
    preset = next((row for name, row in SCENARIOS.items() if name == scenario), None)
    values: dict[str, Any] = {"products": EACH, **(preset.values if preset else {})}
    own_source = values.pop("source", None)
    typed = {
        "clients": clients,
        "duration_s": None if duration is None else read_duration("--duration", duration),
        "ramp_s": None if ramp is None else read_duration("--ramp", ramp),
        "products": None if products is None else _products(products),
        "channels": channel or None,
        "slow": slow,
        "churn_per_s": churn,
        "compress": compress,
        "processes": processes,
        "seed": seed,
        "name": name,
        "scenario": scenario,
    }
    values |= {key: value for key, value in typed.items() if value is not None}
    plan = _plan(values)
    slos = parse_slos(slo or [], preset.slos if preset else DEFAULT_SLOS)
    screen = Screen(sys.stderr, wanted=not no_live)
    test = LoadTest(plan, slos, screen.show)
    target = _target(data_dir, gateway, source, scenario)
    asked = (
        None if target is not None else _own_stack(plan.products, plan.each, source or own_source)
    )
    try:
        with screen.open():
            if target is not None:
                test.on(target)
            elif asked is not None:
                test.on_own_stack(asked, _tell_stack)
    except GatewayError as error:
        raise closed(error) from error
    except KeyboardInterrupt:
        if test.report is None:
            raise
    return _finish(test, json_to, hdr)


def _plan(values: dict[str, Any]) -> "LoadPlan":
    from pydantic import ValidationError

    from ledgerflux.loadtest.plan import LoadPlan

    try:
        return LoadPlan.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        flag = (
            FLAGS.get(str(first["loc"][0]), f"--{first['loc'][0]}") + ": " if first["loc"] else ""
        )
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigError(
            f"{flag}{reason}", code="bad_argument", try_next=["lf loadtest --help"]
        ) from None


def _products(text: str) -> list[str]:
    if text.lower() == "all":
        return []
    if text.endswith("-each"):
        return [text]
    words = [word.strip().upper() for word in text.split(",") if word.strip()]
    if not words:
        raise ConfigError(
            "--products: names no product",
            code="bad_argument",
            try_next=["lf loadtest --products all"],
        )
    return words


def _target(
    data_dir: Path | None, gateway: str | None, source: str | None, scenario: str | None
) -> "Target | None":
    """Return the gateway to load, None where a stack must be started for it."""
    from ledgerflux.loadtest.assemble import Target
    from ledgerflux.stack.loadtesting import running_target
    from ledgerflux_cli.options import run_dir_of

    if scenario == "recovery":
        if gateway is not None:
            raise ConfigError(
                "--scenario recovery kills services: only on a stack of its own, not --gateway",
                code="bad_argument",
            )
        return None
    found = Target(gateway) if gateway is not None else running_target(run_dir_of(data_dir))
    if found is not None and source is not None:
        raise ConfigError(
            f"--source is for a stack of its own, and {found.address} answers already",
            code="bad_argument",
            try_next=["lf loadtest", "lf down"],
        )
    return found


def _own_stack(products: "tuple[str, ...]", each: int | None, source: str | None) -> "UpRequest":
    from ledgerflux.loadtest.plan import DEFAULT_SOURCE, OWN_PRODUCTS
    from ledgerflux.settings import UpRequest

    wanted = OWN_PRODUCTS if each is not None or not products else products
    settings = checked(
        {"source": source or DEFAULT_SOURCE, "products": ",".join(wanted), "port": 0}
    )
    names = (name for name in UpRequest.__dataclass_fields__ if name != "services")
    asked = UpRequest(**chosen(settings, names))
    say(f"no stack is used that runs: starting one of its own, {asked.source}")
    return asked


def _tell_stack(event: "Event") -> None:
    from ledgerflux.stack import events

    match event:
        case events.Up(seconds=seconds):
            say(f"up in {seconds:.1f} s; it ends with the test")
        case events.ServiceDied(service, code, detail, again):
            say(f"{service} ended ({code}){': ' + detail if detail else ''}, again: {again}")
        case _:
            pass


def _finish(test: "LoadTest", json_to: str | None, hdr: Path | None) -> int:
    report = test.report
    if report is None:
        raise LedgerFluxError("the load test has no report", code="bug")
    from ledgerflux_cli.loadtest_lines import report_lines

    if hdr is not None:
        test.write_histogram(str(hdr))
    if json_to == STDOUT:
        write(report.to_json())
    else:
        write_lines(report_lines(report))
        if json_to is not None:
            _write_json(Path(json_to), report)
    return report.exit_code


def _write_json(path: Path, report: "Report") -> None:
    try:
        path.write_text(report.to_json() + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--json: {path}: {error.strerror}", code="bad_argument") from error
    say(f"report: {path}")
