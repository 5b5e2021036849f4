"""With CI=true a skipped test is a failure, unless it is allowed by name."""

import os
from pathlib import Path

ALLOWED = Path(__file__).parents[1] / ".ci" / "allowed-skips"


def allowed_skips():
    lines = ALLOWED.read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def is_allowed(nodeid, allowed):
    """Say whether a test may be skipped: by its id, or as one of `FILE::*`."""
    return nodeid in allowed or f"{nodeid.partition('::')[0]}::*" in allowed


def pytest_terminal_summary(terminalreporter):
    if os.environ.get("CI") != "true":
        return
    allowed = allowed_skips()
    for report in terminalreporter.stats.get("skipped", []):
        if not is_allowed(report.nodeid, allowed):
            terminalreporter.write_line(
                f"skipped, and CI allows no skip: {report.nodeid}", red=True
            )


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    skipped = {report.nodeid for report in reporter.stats.get("skipped", [])}
    allowed = allowed_skips()
    missed = [nodeid for nodeid in skipped if not is_allowed(nodeid, allowed)]
    if missed and session.exitstatus == 0:
        session.exitstatus = 1
