"""The commands of every day, on one small stack; the last test ends it."""

import json
import signal
import subprocess
import sys

import pytest
from stacks import Stack, until

from ledgerflux.core.sharding import partition_of
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.dead_letter import LetterHead, encode_letter
from ledgerflux.wire.subjects import DLQ, dlq_subject

pytestmark = pytest.mark.slow

SOURCE = "synthetic:100"
PRODUCTS = ["BTC-USD", "ETH-USD"]
REFUSED = b'\xff\x00{"product_id":"BTC-USD"\n'


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A stack of two products and one shard, for all tests of this file."""
    made = Stack(tmp_path_factory.mktemp("daily") / "lf")
    try:
        made.start("--source", SOURCE, "--products", ",".join(PRODUCTS), "--shards", "1")
        made.wait("first-update")
        yield made
    finally:
        made.down()


def test_products_are_listed_with_shard_and_proof(stack):
    document = stack.json("products", "--rate")
    rows = {row["product_id"]: row for row in document["products"]}
    assert list(rows) == PRODUCTS
    assert document["source"] == SOURCE
    for product, row in rows.items():
        assert (row["partition"], row["shard"]) == (partition_of(product), 0)
        assert row["rate"] is not None
    assert "BTC-USD" in stack.lf("products").stdout


def test_streams_are_listed_in_the_order_data_flows(stack):
    document = stack.json("stream", "ls")
    rows = {row["name"]: row for row in document["streams"]}
    assert list(rows) == ["MD_RAW", "MD_NORM", "MD_SNAP", "MD_DLQ", "LF_CONF", "LF_HEALTH"]
    assert rows["MD_RAW"]["messages"] > 0
    assert rows["MD_RAW"]["ts_first"] < rows["MD_RAW"]["ts_last"]
    assert rows["MD_DLQ"]["age_max_s"] == 7 * 86_400
    assert rows["LF_HEALTH"]["kind"] == "bucket"


def test_what_was_refused_is_listed_and_shown_byte_for_byte(stack):
    head = LetterHead("v", 17, "encoding", "no UTF-8", raw_number=1, frame=0, receive_ns=10**18)

    async def refuse(bus):
        subject = dlq_subject(partition_of("BTC-USD"), "encoding")
        return await bus.append(DLQ, subject, encode_letter(head, REFUSED), expected_last=None)

    number = ask_bus(RunDir(stack.data_dir), refuse, name="test")
    (letter,) = stack.json("dlq", "ls", "--product", "BTC-USD", "--limit", "1")["letters"]
    assert (letter["id"], letter["reason"]) == (number, "encoding")
    raw = subprocess.run(
        [sys.executable, "-m", "ledgerflux_cli", "dlq", "show", str(number), "-o", "raw",
         "--data-dir", str(stack.data_dir)],
        capture_output=True, check=True,
    )  # fmt: skip
    assert raw.stdout == REFUSED
    assert stack.lf("dlq", "show", "999999", check=2).stderr.startswith("error[unknown_letter]")


def test_top_shows_every_screen(stack):
    for screen in ("overview", "shards", "pipeline"):
        assert SOURCE in stack.lf("top", "--once", "-d", "100ms", "--screen", screen).stdout
    frames = stack.lf("top", "-n", "2", "-d", "100ms", "--json").stdout.splitlines()
    assert [json.loads(frame)["schema"] for frame in frames] == ["lf.top/1"] * 2


def test_open_prints_the_gateway_s_address(stack):
    url = stack.lf("open", "gateway", "--print").stdout.strip()
    assert url == f"{stack.up_document['gateway']['http']}/"


def test_a_follower_sees_a_killed_service_come_back_and_ends_well(stack):
    with stack.follow("logs", "-f", "--tail", "0", "gateway", "supervisor") as follower:
        stack.wait("up")
        stack.kill("gateway")
        until(lambda: "role.ready" in follower.output.read_text(), 60, "the gateway's second life")
        follower.process.send_signal(signal.SIGINT)
        text = "\n".join(follower.lines())
    assert "service.ended" in text
    assert text.index("service.ended") < text.index("role.ready")


def test_logs_are_one_stream_in_the_order_of_time(stack):
    lines = [json.loads(line) for line in stack.lf("logs", "--json").stdout.splitlines()]
    assert all(line["schema"] == "lf.log/1" for line in lines)
    times = [line["ts"] for line in lines]
    assert times == sorted(times)
    assert {"nats", "postgres", "supervisor", "normalize-0"} <= {line["service"] for line in lines}
    error, way_on = stack.lf("logs", "moon", check=2).stderr.splitlines()
    assert error.startswith("error[unknown_service]: no log of 'moon' here: there are ")
    assert way_on == "  next: lf logs --help"


def test_a_broken_pipe_is_no_failure(stack):
    command = f"{sys.executable} -m ledgerflux_cli logs --tail all | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={"LF_DATA_DIR": str(stack.data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_logs_outlive_the_stack_until_they_are_cleaned(stack):
    assert "error[already_running]" in stack.lf("clean", "--yes", check=6).stderr
    with stack.follow("logs", "-f", "--tail", "1", "supervisor") as follower:
        until(follower.output.read_text, 60, "the last line so far")
        stack.down()
        assert "stack.stopping" in "\n".join(follower.lines())
    assert "role.ready" in stack.lf("logs").stdout
    for command in (["products"], ["stream", "ls"], ["dlq", "ls"], ["top"], ["open", "gateway"]):
        assert stack.lf(*command, check=3).stderr.startswith("error[not_running]")
    assert {row["kind"] for row in stack.json("clean", "--yes")["removed"]} == {"logs"}
    assert stack.lf("logs", check=3).stderr.startswith("error[not_running]")
    assert stack.json("clean", "--data", "--yes")["removed"]
    assert list(stack.data_dir.iterdir()) == []
