"""With CI=true a skipped test is a failure, unless it is allowed by name."""

import os
from pathlib import Path

ALLOWED = Path(__file__).parents[1] / ".ci" / "allowed-skips"


def allowed_skips():
    lines = ALLOWED.read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def pytest_terminal_summary(terminalreporter):
    if os.environ.get("CI") != "true":
        return
    allowed = allowed_skips()
    for report in terminalreporter.stats.get("skipped", []):
        if report.nodeid not in allowed:
            terminalreporter.write_line(
                f"skipped, and CI allows no skip: {report.nodeid}", red=True
            )


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    skipped = {report.nodeid for report in reporter.stats.get("skipped", [])}
    if skipped - allowed_skips() and session.exitstatus == 0:
        session.exitstatus = 1
