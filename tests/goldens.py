"""What the command line says, kept in tests/data/golden: `python tests/goldens.py` writes it anew.

`just docs` does that too. One file for each command and topic, so that two changes do not meet.
"""

import contextlib
import io
import logging
import os
import tempfile
from pathlib import Path

from ledgerflux_cli.app import run_command
from ledgerflux_cli.topics import TOPICS
from ledgerflux_cli.tree import all_commands

FOLDER = Path(__file__).parent / "data" / "golden"
HOME = "/home/you"
"""Stands for the home of the test."""
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "COLUMNS": "80", "LINES": "24"}
NONSENSE = """\
hepl
statsu
--foo
-x
up --shrads 3
up --shards
up --shards many
up --shards 99
up --source synthetc
up --source replay:/no/such/file
up --products btc
up --products BTC-USD,BTC-USD
up --speed fast
up --at-end stop
up --durability disc
up --port 70000
up --port http
up --target moon
up --wait-timeout soon
up --json=yes
up postgers
down now
status all
status --gateway localhost:8000
wait
wait --for
wait --for helthy
wait --for up --timeout 10
run
run normalise
run normalize
run normalize --shard 9
run normalize --shard 4 --nats nats://h:1
run ingest --nats h:4222
run ingest --nats nats://h:1 --log-level wran
run gateway
doctor --target minikbue
doctor --report /no/such/folder/report.json
logs --level wran
logs --tail few
logs --since yesterday
logs --include (
logs
sub --channel trade
sub --until the-end
sub --channel candles --interval 2m
sub --interval 5m
sub --count 0
sub --duration 5
sub BTC-USD
book
book BTC-USD ETH-USD
book BTC-USD --depth deep
book BTC-USD --gateway http://
replay
replay stat
replay start now
verify --shards 4
verify --renormalize --shards 1,many
verify --renormalize --shards 99
version 2
completion
completion bahs
help me
help erors
config shwo
stream sl
dlq
recording info
recording info /no/such/file
loadtest --clients none
loadtest --scenario baisc
loadtest --slo p95
"""


def said(line):
    """Return what `lf LINE` says on a machine where nothing runs, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    with _home() as home, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(line.split(" "))
    return out.getvalue().replace(home, HOME), err.getvalue().replace(home, HOME), code


@contextlib.contextmanager
def _home():
    """Be at home in an empty directory, with no variables but the few that are needed."""
    before = dict(os.environ)
    os.environ.clear()
    try:
        with tempfile.TemporaryDirectory() as home, contextlib.chdir(home):
            os.environ.update(ENVIRONMENT | {"HOME": home})
            yield home
    finally:
        os.environ.clear()
        os.environ.update(before)
        _close_logs()


def _close_logs():
    """Let go of the log file that a start opened: its process would have ended."""
    logger = logging.getLogger("ledgerflux")
    for handler in logger.handlers:
        handler.close()
    logger.handlers, logger.propagate = [], True


def _help(line):
    out, err, code = said(line)
    assert (err, code) == ("", 0), (line, err, code)
    return out


def _nonsense():
    answers = []
    for line in NONSENSE.splitlines():
        out, err, code = said(line)
        assert out == "", (line, out)
        answers.append(f"$ lf {line}   # {code}\n{err}")
    return "\n".join(answers)


def _envelope():
    return "".join(said(line)[1] for line in ("up postgers --json", "status --json"))


def goldens():
    """Return what makes each file, by the file's name."""
    made = {"lf.txt": lambda: _help("--help")}
    for command in all_commands():
        path = command["path"]
        made[f"lf-{path.replace(' ', '-')}.txt"] = lambda path=path: _help(f"{path} --help")
    for topic in TOPICS:
        made[f"topic-{topic}.txt"] = lambda topic=topic: _help(f"help {topic}")
    return made | {"nonsense.txt": _nonsense, "errors.json": _envelope}


GOLDENS = goldens()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, make in GOLDENS.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
