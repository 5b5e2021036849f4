"""Every error, as data: a stable code, what failed, a hint, whether trying again helps.

::

    LedgerFluxError            failed, bug
    ├── ConfigError            bad_config, bad_argument, usage
    ├── StackError             stack, service_died, unknown_service
    │   ├── NotRunning         not_running
    │   ├── Timeout            timeout, start_timeout
    │   ├── MissingDependency  missing_dependency
    │   ├── Conflict           already_running, port_in_use
    │   └── Unhealthy          degraded
    ├── BusError               bus_unavailable
    │   ├── AppendRefused      append_refused: the log is not where the writer thought
    │   └── AppendInDoubt      append_in_doubt: nobody knows whether it landed
    ├── LogError               log_corrupt, log_regressed, log_incomplete
    │   └── Fenced             fenced: a newer writer holds the partition
    ├── StoreError             store_unavailable, store_conflict, schema_newer, rows_refused
    ├── FeedError              feed_closed, feed_lost, feed_silent, feed_refused, feed_tls,
    │   │                      feed_throttled, feed_forbidden, feed_unavailable,
    │   │                      feed_redirected, feed_not_websocket
    │   └── BadRecording       bad_recording
    ├── GatewayError           gateway_unreachable, protocol_error, or a code of the gateway
    └── IntegrityError         integrity: something is missing, twice or wrong

The first code of a line is the class's own; `exit_code` is what `lf` ends with.
"""

from collections.abc import Sequence


class LedgerFluxError(Exception):
    """Base of all: a stable `code`, a `message` of what and why, commands to `try_next`."""

    code = "failed"
    exit_code = 1
    retryable = False

    def __init__(
        self, message: str, *, code: str | None = None, try_next: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.try_next = tuple(try_next)

    def __str__(self) -> str:
        return self.message


def lines_of(error: LedgerFluxError) -> list[str]:
    """Return `error` for people: what and why, then what to try."""
    labels = ("  next: ", *("        " for _ in error.try_next[1:]))
    steps = [label + step for label, step in zip(labels, error.try_next, strict=False)]
    return [f"error[{error.code}]: {error.message}", *steps]


class ConfigError(LedgerFluxError):
    """A setting or argument is missing, unknown or out of range."""

    code = "bad_config"
    exit_code = 2


class StackError(LedgerFluxError):
    """The local stack can't start, isn't there, or is held by somebody else."""

    code = "stack"


class NotRunning(StackError):
    """No stack answers."""

    code = "not_running"
    exit_code = 3


class Timeout(StackError):
    """A condition did not come true in the time allowed."""

    code = "timeout"
    exit_code = 4


class MissingDependency(StackError):
    """A needed wheel, tool or permission is missing."""

    code = "missing_dependency"
    exit_code = 5


class Conflict(StackError):
    """Already running, or a port or lock is taken."""

    code = "already_running"
    exit_code = 6


class Unhealthy(StackError):
    """Reachable but degraded."""

    code = "degraded"
    exit_code = 10


class BusError(LedgerFluxError):
    """The message bus is not reachable or answered with an error."""

    code = "bus_unavailable"
    exit_code = 3
    retryable = True


class AppendRefused(BusError):
    """The log's last record is not the one the writer expected; nothing was written."""

    code = "append_refused"


class AppendInDoubt(BusError):
    """No answer came: the append may or may not have landed."""

    code = "append_in_doubt"


class LogError(LedgerFluxError):
    """A partition of the log does not hold what it must."""

    code = "log_corrupt"
    exit_code = 7


class Fenced(LogError):
    """A newer writer holds the partition; this one must stop."""

    code = "fenced"
    exit_code = 6


class StoreError(LedgerFluxError):
    """Postgres is not reachable or refused."""

    code = "store_unavailable"
    exit_code = 3
    retryable = True


class FeedError(LedgerFluxError):
    """A venue's socket or a recording can't be read."""

    code = "feed_closed"
    retryable = True
    retry_after_s: float | None = None
    """How long the venue asked to be left alone."""


class BadRecording(FeedError):
    """A recording can't be read or written: no trying again helps."""

    code = "bad_recording"
    exit_code = 2
    retryable = False


class GatewayError(LedgerFluxError):
    """A gateway is not reachable, refused a request, or broke the protocol."""

    code = "gateway_unreachable"
    exit_code = 3


class IntegrityError(LedgerFluxError):
    """A gap, duplicate, regression or difference was found."""

    code = "integrity"
    exit_code = 7
