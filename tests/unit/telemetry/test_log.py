"""The one formatter, and events with fields."""

import io
import json
import logging

import pytest

from ledgerflux.telemetry.log import Events, log_to_file, log_to_stream

LOG = Events("ledgerflux.test")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def loggers_as_before():
    root, ours = logging.getLogger(), logging.getLogger("ledgerflux")
    before = [(one, one.handlers, one.level, one.propagate) for one in (root, ours)]
    ours.handlers, ours.propagate = [], True
    ours.setLevel(logging.NOTSET)
    yield
    for one, handlers, level, propagate in before:
        for handler in one.handlers:
            if handler not in handlers:
                handler.close()
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def test_a_line_for_machines_is_one_json_object():
    stream = io.StringIO()
    log_to_stream("info", stream)
    LOG.warning("socket.closed", reason="two\nlines", attempt=3)
    document = json.loads(stream.getvalue())
    assert document["ts"].endswith("Z")
    del document["ts"]
    assert document == {
        "level": "warning",
        "event": "socket.closed",
        "logger": "ledgerflux.test",
        "reason": "two\nlines",
        "attempt": 3,
    }


def test_a_line_for_people_has_time_level_event_and_fields():
    stream = Terminal()
    log_to_stream("info", stream)
    LOG.info("socket.opened", products="BTC-USD ETH-USD")
    clock, level, *words = stream.getvalue().split()
    assert len(clock) == len("01:02:03.004")
    assert (level, words) == ("INFO", ["socket.opened", 'products="BTC-USD', 'ETH-USD"'])


@pytest.mark.parametrize(
    ("level", "said"),
    [("debug", "debug info warning error"), ("warning", "warning error"), ("error", "error")],
)
def test_less_important_lines_are_left_out(level, said):
    stream = io.StringIO()
    log_to_stream(level, stream)
    for name in ("debug", "info", "warning", "error"):
        getattr(LOG, name)("thing.happened")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == said.split()


def test_a_library_s_line_keeps_its_words_and_its_traceback():
    stream = io.StringIO()
    log_to_stream("info", stream)
    try:
        int("broken")
    except ValueError:
        logging.getLogger("library").critical("it %s", "failed", exc_info=True)
    document = json.loads(stream.getvalue())
    assert (document["level"], document["event"]) == ("error", "log.line")
    assert document["message"] == "it failed"
    assert "ValueError: invalid" in document["traceback"]


def test_a_value_that_json_does_not_know_is_written_as_text(tmp_path):
    stream = io.StringIO()
    log_to_stream("info", stream)
    LOG.info("file.read", path=tmp_path)
    assert json.loads(stream.getvalue())["path"] == str(tmp_path)


def test_a_field_must_not_hide_what_every_line_has():
    with pytest.raises(AssertionError):
        LOG.info("thing.happened", level="high")


def test_only_our_own_lines_go_to_the_file(tmp_path):
    path = tmp_path / "own.log"
    log_to_file(path)
    LOG.info("stack.up")
    logging.getLogger("library").warning("not here")
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["event"] == "stack.up"
