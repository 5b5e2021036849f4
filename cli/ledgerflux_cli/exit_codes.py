"""What a command ends with: one table for all of them."""

from typing import NamedTuple


class ExitCode(NamedTuple):
    """One exit code, its name and when a command ends with it."""

    code: int
    name: str
    when: str


EXIT_CODES = (
    ExitCode(0, "ok", "done; healthy; drained"),
    ExitCode(1, "failed", "the operation failed, a service had to be killed, or a bug"),
    ExitCode(2, "usage", "bad flag, value or setting"),
    ExitCode(3, "unreachable", "NATS, Postgres or gateway not reachable; stack not running"),
    ExitCode(4, "timeout", "--wait-timeout or --timeout ran out"),
    ExitCode(5, "prerequisite", "a needed tool, wheel or permission is missing"),
    ExitCode(6, "conflict", "already running, port or lock taken, fenced by a newer writer"),
    ExitCode(7, "integrity", "a gap, duplicate, regression, checksum or loss was found"),
    ExitCode(10, "unhealthy", "reachable but degraded"),
    ExitCode(98, "invalid", "a measurement that can't be trusted"),
    ExitCode(99, "threshold", "a stated limit was not met"),
    ExitCode(130, "interrupted", "Ctrl-C where that is not the normal end, or twice"),
    ExitCode(143, "terminated", "SIGTERM where that is not the normal end"),
)
