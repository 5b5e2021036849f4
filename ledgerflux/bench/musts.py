"""What speed the pipeline must reach on two cores, and what it aims at."""

from typing import NamedTuple


class Must(NamedTuple):
    """One figure; `higher` says which way is better. Without `must` it is only reported."""

    key: str
    text: str
    unit: str
    must: float | None = None
    aim: float | None = None
    higher: bool = False


MUSTS = (
    Must(
        "machine", "one core of this machine against one where the musts were set", "x", higher=True
    ),
    Must(
        "normalize_advanced",
        "normalizer alone, recorded Advanced frames",
        "frames/core-s",
        45_000,
        75_000,
        higher=True,
    ),
    Must(
        "normalize_exchange",
        "normalizer alone, recorded Exchange frames",
        "frames/core-s",
        120_000,
        200_000,
        higher=True,
    ),
    *(
        Must(
            f"normalize_{load}_tens",
            f"normalizer alone, {text}, ten a record as under load",
            "frames/core-s",
            higher=True,
        )
        for load, text in (
            ("advanced", "recorded Advanced frames"),
            ("exchange", "recorded Exchange frames"),
            ("synthetic_advanced", "made frames in the Advanced dialect"),
            ("synthetic_exchange", "made frames in the Exchange dialect"),
        )
    ),
    Must(
        "normalize_rested",
        "normalizer alone, four frames after every 5 ms of sleep",
        "frames/core-s",
        higher=True,
    ),
    Must(
        "normalize_synthetic_advanced",
        "normalizer alone, made frames in the Advanced dialect",
        "frames/core-s",
        higher=True,
    ),
    Must(
        "normalize_synthetic_exchange",
        "normalizer alone, made frames in the Exchange dialect",
        "frames/core-s",
        higher=True,
    ),
    Must(
        "against_cryptofeed",
        "ours to finished record against cryptofeed 2.4.1's handler",
        "x",
        1.0,
        1.2,
        higher=True,
    ),
    Must(
        "book_against_cryptofeed",
        "ours, decode and book only, against cryptofeed 2.4.1's handler",
        "x",
        1.25,
        1.5,
        higher=True,
    ),
    Must(
        "against_cryptofeed_tens",
        "ours to finished record, ten frames a record, against cryptofeed 2.4.1's handler",
        "x",
        higher=True,
    ),
    Must("against_ccxt", "ours to finished record against ccxt's handler", "x", higher=True),
    Must(
        "replay_read",
        "recording to parser, no pacing",
        "frames/core-s",
        100_000,
        200_000,
        higher=True,
    ),
    Must(
        "replay_parsed",
        "recording through the parser, no pacing",
        "frames/core-s",
        higher=True,
    ),
    Must("exchange_most", "exchange role, all it must make, CPU of a frame", "us", 20, 15),
    Must("ingest_most", "ingest beside it, CPU of a frame", "us"),
    Must(
        "e2e_made",
        "whole path, one normalizer, made frames, p99 under 100 ms, nothing lost",
        "msg/s",
        30_000,
        60_000,
        higher=True,
    ),
    Must(
        "e2e_flurries",
        "the same, made frames as they come, in flurries",
        "msg/s",
        higher=True,
    ),
    Must(
        "e2e_advanced",
        "the same, recorded Advanced frames",
        "msg/s",
        15_000,
        30_000,
        higher=True,
    ),
    Must("stack_cpu", "CPU of the whole stack at 5,000 msg/s, no clients", "cores", 1.8, 1.2),
    Must("role_cpu", "CPU of the busiest role at 1,000 msg/s", "% of a core", 50, 25),
    Must("levels_memory", "memory of a role that holds 500,000 levels", "MB", 256, 192),
    Must("gateway_message", "gateway, CPU of a delivered message, ten a tick", "us"),
    *(
        Must(
            f"gateway_{name}",
            f"gateway, ten a tick: {text} against ours",
            "x",
            must,
            aim,
            higher=True,
        )
        for name, text, must, aim in (
            ("fastapi", "FastAPI's send_json", 10, 18),
            ("broadcast", "websockets.broadcast", 6, 9),
            ("ws", "node ws", 6, 9),
            ("socketio", "socket.io", 6, 9),
            ("nats", "nats-server's WebSocket", 1.5, 2.5),
        )
    ),
    Must("gateway_bun", "gateway, ten a tick: ours against Bun's publish", "x", 1.5, 1.15),
    *(
        Must(
            f"gateway_one_{name}",
            f"gateway, one a tick: {text} against ours",
            "x",
            aim=aim,
            higher=True,
        )
        for name, text, aim in (
            ("fastapi", "FastAPI's send_json", 2),
            ("broadcast", "websockets.broadcast", 1.5),
            ("ws", "node ws", 1.6),
        )
    ),
    Must(
        "gateway_deflate",
        "gateway, deflate, ten a tick: FastAPI's send_json against ours",
        "x",
        12,
        25,
        higher=True,
    ),
    Must(
        "gateway_deflate_bytes",
        "gateway, deflate, ten a tick: our bytes on the wire against FastAPI's",
        "x",
        1.05,
        0.95,
    ),
    Must(
        "gateway_spread", "gateway, one flush, last client after the first", "us a client", aim=20
    ),
    Must("gateway_idle", "gateway, memory of an idle connection", "KiB", 16, 12),
    Must(
        "gateway_idle_fastapi", "gateway, idle connection: FastAPI against ours", "x", higher=True
    ),
    Must(
        "gateway_idle_nats",
        "gateway, idle connection: nats-server's WebSocket against ours",
        "x",
        higher=True,
    ),
    Must(
        "gateway_stalled_share",
        "gateway, a stalled reader: what the others get of their messages",
        "%",
        100,
        higher=True,
    ),
    Must(
        "gateway_stalled_p99",
        "gateway, a stalled reader: p99 of the others against that without it",
        "x",
        1.2,
    ),
    Must("gateway_stalled_memory", "gateway, a stalled reader: growth of the gateway", "MiB", 1),
    Must(
        "gateway_stalled_fastapi",
        "FastAPI, a stalled reader: what the others get",
        "%",
        higher=True,
    ),
    *(
        item
        for key, text in (("storm", "all drop and come back"), ("killed", "its node is killed"))
        for item in (
            Must(
                f"gateway_{key}_share",
                f"gateway, {text}: clients that miss nothing and get nothing twice",
                "%",
                100,
                higher=True,
            ),
            Must(f"gateway_{key}", f"gateway, {text}: until everybody has everything", "s", 2),
        )
    ),
    Must(
        "gateway_storm_socketio",
        "gateway, all drop and come back: socket.io's time against ours",
        "x",
        aim=1,
        higher=True,
    ),
    Must(
        "gateway_killed_socketio",
        "socket.io, its node is killed: clients that miss nothing",
        "%",
        higher=True,
    ),
    Must(
        "gateway_chaos_silent",
        "gateway, chaos: messages lost that no gap announced",
        "messages",
        0,
    ),
    Must(
        "gateway_chaos_wrong",
        "gateway, chaos: messages unlike what was written, with another checksum, or twice",
        "messages",
        0,
    ),
    Must(
        "gateway_chaos_messages",
        "gateway, chaos: messages delivered, each looked at",
        "messages",
        10_000_000,
        higher=True,
    ),
    Must("gateway_crowd", "gateway, 4,000 clients x 100 msg/s", "cores", 0.9, 0.7),
    Must("version", "lf version", "ms", 180, 120),
    Must("help", "lf --help", "ms", 400, 250),
    Must("up_warm", "lf up to all ready, warm", "s", 8, 4),
    Must("idle_cpu", "idle stack, CPU", "% of a core", 15, 8),
    Must("idle_memory", "idle stack, memory", "MB", 900, 600),
    Must("restart", "restart of a killed normalizer to live", "s", 3, 1),
)
"""In the order of the report. Source: the design's table of speeds."""
BY_KEY = {must.key: must for must in MUSTS}
