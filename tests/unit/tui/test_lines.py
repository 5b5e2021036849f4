import pytest

from ledgerflux_tui.lines import Column, age, milliseconds, number, size, table, text_of

NOW_NS = 1_700_000_100_000_000_000


def test_a_line_is_its_texts_without_the_padding_at_the_end():
    assert text_of([("a", "bad"), ("b  ", "dim")]) == "ab"


def test_columns_are_flush_and_the_least_needed_go_first():
    columns = (Column("NAME"), Column("N", right=True), Column("MORE", rank=1))
    rows = [[("a", "head"), ("10", "plain"), ("xyz", "dim")]]
    assert [text_of(line) for line in table(columns, rows, 20)] == [
        "NAME   N  MORE",
        "a     10  xyz",
    ]
    assert [text_of(line) for line in table(columns, rows, 10)] == ["NAME   N", "a     10"]
    assert [text_of(line) for line in table(columns, rows, 3)] == ["NAME   N", "a     10"]
    assert [text_of(line) for line in table(columns, [], 20)] == ["NAME  N  MORE"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (7.0, "7"), (9.94, "9.9"), (12.4, "12"), (1_234_567, "1,234,567")],
)
def test_numbers_for_people(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.04, "0.0 ms"),
        (9.94, "9.9 ms"),
        (-3.2, "-3.2 ms"),
        (21.4, "21 ms"),
        (1500, "1.5 s"),
    ],
)
def test_times_for_people(value, text):
    assert milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (999, "999 B"),
        (41_000, "41 kB"),
        (12_500_000, "12 MB"),
        (8_100_000_000, "8.1 GB"),
    ],
)
def test_sizes_for_people(value, text):
    assert size(value) == text


@pytest.mark.parametrize(
    ("since", "text"),
    [
        ("2023-11-14T22:13:20Z", "100 s"),
        ("2023-11-14T22:03:20Z", "11 min"),
        ("2023-11-14T02:03:20Z", "20 h"),
        ("2023-11-01T22:03:20Z", "13 d"),
        ("2033-11-01T22:03:20Z", "0 s"),
        ("not a time", "-"),
    ],
)
def test_ages_for_people(since, text):
    assert age(since, NOW_NS) == text
