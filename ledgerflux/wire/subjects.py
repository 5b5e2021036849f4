"""Names of streams and subjects, and nothing else that looks like one."""

RAW = "MD_RAW"
NORM = "MD_NORM"
SNAP = "MD_SNAP"
DLQ = "MD_DLQ"


SESSION = ""
"""Asked for on `resync_subject` in place of a product: a new connection altogether."""


def raw_subject(partition: int, venue: str) -> str:
    """Return the subject of a partition's frames: `md.raw.07.coinbase-advanced`."""
    return f"md.raw.{partition:02d}.{venue}"


def norm_subject(partition: int, venue: str) -> str:
    """Return the subject of a partition's events."""
    return f"md.norm.{partition:02d}.{venue}"


def live_subject(partition: int, venue: str) -> str:
    """Return the core subject on which the events of a partition are republished."""
    return f"md.live.{partition:02d}.{venue}"


def snap_subject(partition: int, venue: str, part: int | None = None) -> str:
    """Return the subject of one part of a partition's checkpoint; None: of all parts."""
    return f"md.snap.{partition:02d}.{venue}.{'*' if part is None else part}"


def dlq_subject(partition: int, reason: str) -> str:
    """Return the subject of refused bytes."""
    return f"md.dlq.{partition:02d}.{reason}"


def conf_subject(key: str = ">") -> str:
    """Return the core subject on which writes to `LF_CONF` can be heard."""
    return f"$KV.LF_CONF.{key}"


def health_subject(key: str = ">") -> str:
    """Return the core subject on which writes to `LF_HEALTH` can be heard."""
    return f"$KV.LF_HEALTH.{key}"


def resync_subject(venue: str, partition: int) -> str:
    """Return the control subject by which a partition's socket is asked for a fresh book."""
    return f"lf.ctl.ingest.{venue}.{partition:02d}.resync"


RESTART_SUBJECT = "lf.ctl.supervisor.restart"
"""Where a supervisor is asked to start a service anew."""


def exchange_subject(verb: str) -> str:
    """Return the control subject of the exchange role: `start`, `order`."""
    return f"lf.ctl.exchange.{verb}"
