"""Each source file has its test file: its own by name, or the one that runs it."""

from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PACKAGES = ("ledgerflux", "cli/ledgerflux_cli", "tui/ledgerflux_tui")
SMALL_LINES = 20
"""Files this short are names for others, or a line of glue."""

RUN_BY = {
    "ledgerflux/adapters/nats_*.py": "contract/test_bus.py",
    "ledgerflux/adapters/postgres_schema.py": "integration/test_postgres_store.py",
    "ledgerflux/adapters/embedded/postgres_host.py": "integration/test_postgres_server.py",
    "ledgerflux/adapters/ws_feed.py": "contract/test_hostile_venue.py",
    "ledgerflux/adapters/ws_client.py": "contract/test_listener.py",
    "ledgerflux/adapters/ws_listener.py": "contract/test_listener.py",
    "ledgerflux/bench/gateway/*.py": "system/test_bench_gateway.py",
    "ledgerflux/bench/*.py": "system/test_bench.py",
    "ledgerflux/client/*.py": "unit/client/test_connection.py",
    "ledgerflux/deploy/log_wish.py": "unit/deploy/compose/test_project.py",
    "ledgerflux/deploy/minikube/*.py": "deploy/test_minikube.py",
    "ledgerflux/core/market_source.py": "unit/core/test_market.py",
    "ledgerflux/loadtest/*.py": "system/test_loadtest.py",
    "ledgerflux/ports/*.py": "contract/test_bus.py",
    "ledgerflux/roles/audits.py": "roles/test_verify.py",
    "ledgerflux/roles/verify_report.py": "roles/test_verify.py",
    "ledgerflux/roles/gateway_*.py": "roles/test_gateway.py",
    "ledgerflux/roles/history_writer.py": "roles/test_snapshot.py",
    "ledgerflux/roles/ingest_*.py": "roles/test_ingest.py",
    "ledgerflux/roles/keeper.py": "roles/test_hostile_log.py",
    "ledgerflux/roles/normalize*.py": "roles/test_restarts.py",
    "ledgerflux/roles/partition_writer.py": "contract/test_partition_log.py",
    "ledgerflux/roles/patience.py": "roles/test_snapshot.py",
    "ledgerflux/roles/raw_tail.py": "roles/test_restarts.py",
    "ledgerflux/roles/snapshot_partition.py": "roles/test_snapshot.py",
    "ledgerflux/stack/asking.py": "system/test_daily_commands.py",
    "ledgerflux/stack/background.py": "integration/test_up_command.py",
    "ledgerflux/stack/checking.py": "system/test_replay.py",
    "ledgerflux/stack/down.py": "integration/test_up_command.py",
    "ledgerflux/stack/handmade.py": "system/test_by_hand.py",
    "ledgerflux/stack/loadtesting.py": "system/test_loadtest.py",
    "ledgerflux/stack/local.py": "integration/test_local_stack.py",
    "ledgerflux/stack/nursery_main.py": "integration/test_nursery.py",
    "ledgerflux/stack/re*.py": "integration/test_up_command.py",
    "ledgerflux/stack/serving.py": "system/test_workers.py",
    "ledgerflux/stack/up.py": "integration/test_up_command.py",
    "ledgerflux/stack/worker.py": "unit/stack/test_workers.py",
    "ledgerflux/telemetry/counts.py": "architecture/test_pages.py",
    "ledgerflux/telemetry/measures.py": "architecture/test_pages.py",
    "ledgerflux/testing/memory_listener.py": "contract/test_listener.py",
    "ledgerflux/testing/memory_store.py": "contract/test_snapshot_store.py",
    "cli/ledgerflux_cli/commands/*.py": "unit/cli/test_goldens.py",
    "cli/ledgerflux_cli/completion_*.py": "unit/cli/test_completion.py",
    "cli/ledgerflux_cli/e*.py": "unit/cli/test_goldens.py",
    "cli/ledgerflux_cli/loadtest_*.py": "system/test_loadtest.py",
    "cli/ledgerflux_cli/up_here.py": "integration/test_up_command.py",
    "cli/ledgerflux_cli/*_view.py": "system/test_daily_commands.py",
    "cli/ledgerflux_cli/*.py": "unit/cli/test_app.py",
    "tui/ledgerflux_tui/acts.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/modals/*.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/panels/*.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/present/*.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/options.py": "unit/cli/test_tui.py",
    "tui/ledgerflux_tui/run.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/sources/base.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/state/*.py": "unit/tui/state/test_view_state.py",
    "tui/ledgerflux_tui/themes.py": "unit/tui/test_app.py",
    "tui/ledgerflux_tui/views/*.py": "unit/tui/test_app.py",
}


def sources():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if len(path.read_text(encoding="utf-8").splitlines()) > SMALL_LINES:
                yield path.relative_to(ROOT).as_posix()


def home_of(source):
    """Return the test file of a source file, None where there is none."""
    path = Path(source)
    name = path.parent.name if path.stem == "__init__" else path.stem
    own = sorted(TESTS.rglob(f"test_{name}.py"))
    if own:
        return own[0]
    return next((TESTS / run for glob, run in RUN_BY.items() if fnmatch(source, glob)), None)


@pytest.mark.parametrize("source", list(sources()))
def test_a_source_file_has_its_test_file(source):
    found = home_of(source)
    assert found is not None, "give it a test file of its name"
    assert found.exists(), found


def test_no_line_of_the_table_is_left_over():
    files = list(sources())
    assert [glob for glob in RUN_BY if not any(fnmatch(file, glob) for file in files)] == []
