import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_health import NOW_NS, a_latency, a_stack, a_stage, counted

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.stages import (
    SPARK_MAX,
    aim_line,
    clients_line,
    figures,
    head,
    losses_line,
    ms,
    spark_width,
    stage_columns,
    stage_line,
    stage_names,
)
from ledgerflux_tui.state.pipeline import END_TO_END, Pipeline

SECOND = 1_000_000_000


def told(*statuses):
    pipeline = Pipeline()
    for at, status in enumerate(statuses):
        pipeline.take(status, NOW_NS + at * SECOND)
    return pipeline


def table(pipeline, width, window_s=10):
    columns = stage_columns(width)
    names = stage_names(pipeline.sample.status)
    rows = [stage_line(pipeline, name, columns, width, window_s, chosen=name == "ingest")
            for name in names]  # fmt: skip
    return [text_of(line) for line in (head(columns, width), *rows)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (0.062, "0.06"), (1.34, "1.3"), (99.94, "99.9"), (1234.5, "1,234")],
)
def test_milliseconds_are_told_in_about_three_digits(value, text):
    assert ms(value) == text


def test_the_stages_stand_in_the_order_of_the_way_the_whole_way_last():
    shown = table(told(a_stack(), a_stack()), 90)
    assert shown[0].startswith(
        "  stage         in/s   out/s    p50    p95    p99  p99.9       queue errors"
    )
    assert [" ".join(line.split()) for line in shown] == [
        "stage in/s out/s p50 p95 p99 p99.9 queue errors p99, 60 s",
        "exchange - 4,982 - - - - 0 frames -",
        "▶ ingest 4,982 4,982 1.3 2.6 4.4 9.8 0 frames 0 ██",
        "normalize 4,982 4,982 1.3 2.6 4.4 9.8 0 rec 0 ██",
        "snapshot 4,982 120 1.3 2.6 4.4 9.8 0 rec 0 ██",
        "gateway 4,982 21,150 1.3 2.6 4.4 9.8 17 kB 0 ██",
        "end to end - - 4.0 12.0 21.0 48.0 - - ██",
    ]


def test_what_says_most_stays_where_there_is_little_room():
    shown = table(told(a_stack()), 48)
    assert shown[0].split() == ["stage", "out/s", "p50", "p99", "queue"]
    assert shown[2].split() == ["▶", "ingest", "4,982", "1.3", "4.4", "0", "frames"]


@given(st.integers(min_value=36, max_value=220))
def test_no_line_is_wider_than_its_room(width):
    pipeline = told(a_stack(), a_stack())
    columns = stage_columns(width)
    assert spark_width(columns, width) <= SPARK_MAX
    lines = [head(columns, width)]
    lines += [stage_line(pipeline, name, columns, width, 60) for name in ("gateway", END_TO_END)]
    assert all(sum(len(text) for text, _ in line) <= width for line in lines)


def test_a_longer_span_is_told_from_what_was_counted_in_it():
    before = a_stack(end_to_end=a_latency(gateway=counted((1, 100))))
    now = a_stack(end_to_end=a_latency(gateway=counted((1, 100), (50, 10))))
    pipeline = told(before, now)
    assert figures(pipeline, END_TO_END, 10)["p50"] == 1.3
    assert figures(pipeline, END_TO_END, 60)["p50"] == pytest.approx(50, rel=0.2)
    assert figures(pipeline, "exchange", 60) == dict.fromkeys(("p50", "p95", "p99", "p999"))


def test_before_the_first_status_nothing_is_known():
    assert figures(Pipeline(), END_TO_END, 10)["p50"] is None
    assert figures(Pipeline(), "ingest", 10)["p50"] is None
    line = stage_line(Pipeline(), "ingest", stage_columns(60), 60, 10)
    assert text_of(line).split() == ["ingest", *"-" * 6]


def test_a_gateway_that_tells_of_no_stages_has_none():
    less = {key: value for key, value in a_stack().items() if key not in ("stages", "end_to_end")}
    assert stage_names(less) == []
    assert "clients" in text_of(clients_line({**less, "gateways": [{"name": "gateway"}]}))


def test_losses_and_errors_stand_out():
    row = a_stage("ingest", errors=3, queue=None)
    line = stage_line(told(a_stack(stages=[row])), "ingest", stage_columns(90), 90, 10)
    assert ("     3", "bad") in line
    assert text_of(losses_line(a_stack())) == "frames lost 0   refused 0   gaps 0"
    counts = {**a_stack()["counts"], "raw_gap_frames": 7}
    assert ("7", "bad") in losses_line(a_stack(counts=counts))


def way(fast, slow):
    return a_stack(end_to_end=a_latency(gateway=counted((1, fast), (900, slow))))


@pytest.mark.parametrize(
    ("statuses", "text", "plain"),
    [
        ([way(0, 0)], "nothing came yet", None),
        ([way(1, 0), way(9, 0), way(20, 0)], "● met in 2 of 2 s", "o"),
        ([way(1, 0), way(1, 9), way(20, 9)], "◐ met in 1 of 2 s", "@"),
        ([way(1, 0), way(9, 0), way(9, 9)], "✕ met in 1 of 2 s", "x"),
    ],
)
def test_the_aim_is_held_to_each_second(statuses, text, plain):
    pipeline = told(*statuses)
    assert text_of(aim_line(pipeline)) == f"aim p95 < 100 ms  {text}"
    shown = text_of(aim_line(pipeline, ascii_only=True))
    assert shown.isascii()
    assert plain is None or f" {plain} met" in shown


def test_clients_that_do_not_keep_up_are_counted_over_all_gateways():
    gateways = [{"slow_clients": 2, "fell_behind": 3, "closed_slow": 0}] * 2
    line = clients_line(a_stack(gateways=gateways))
    assert text_of(line) == "clients 3   slow 4   fell behind 6   closed for it 0"
    assert ("4", "warn") in line
