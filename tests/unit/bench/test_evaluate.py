import pytest

from ledgerflux.bench.evaluate import Measured, Slower, compare, exit_code, judge


def rows_of(*measured):
    return judge(Measured(key, value, "quiet", doubt) for key, value, doubt in measured)


@pytest.mark.parametrize(
    ("key", "value", "doubt", "outcome"),
    [
        ("normalize_advanced", 80_000, "", "aim"),
        ("normalize_advanced", 45_000, "", "met"),
        ("normalize_advanced", 44_999, "", "missed"),
        ("normalize_advanced", 44_999, "others ran", "doubtful"),
        ("normalize_advanced", 50_000, "others ran", "met"),
        ("normalize_advanced", None, "no recording", "not measured"),
        ("stack_cpu", 1.2, "", "aim"),
        ("stack_cpu", 1.8, "", "met"),
        ("stack_cpu", 1.81, "", "missed"),
        ("against_ccxt", 0.5, "", "reported"),
    ],
)
def test_a_figure_is_judged_by_its_must_and_aim(key, value, doubt, outcome):
    assert [row.outcome for row in rows_of((key, value, doubt))] == [outcome]


def test_rows_come_in_the_order_of_the_musts():
    rows = rows_of(("restart", 1, ""), ("normalize_exchange", 1, ""), ("stack_cpu", 1, ""))
    assert [row.key for row in rows] == ["normalize_exchange", "stack_cpu", "restart"]


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        ([("stack_cpu", 1.0, ""), ("against_ccxt", 0.1, "")], 0),
        ([("stack_cpu", 2.0, "")], 99),
        ([("stack_cpu", 2.0, "others ran")], 98),
        ([("stack_cpu", 1.5, "others ran")], 0),
        ([("stack_cpu", None, "it did not start")], 98),
        ([("against_ccxt", None, "not installed")], 0),
        ([("stack_cpu", 2.0, "others ran"), ("role_cpu", 60, "")], 99),
    ],
)
def test_a_missed_must_is_99_and_a_doubtful_one_98(measured, code):
    assert exit_code(rows_of(*measured), []) == code


def test_what_is_slower_is_99():
    assert exit_code(rows_of(("stack_cpu", 1.0, "")), [Slower("stack_cpu", 0.8, 1.0, 0.25)]) == 99


def test_a_comparison_knows_which_way_is_better_and_leaves_doubts_out():
    earlier = rows_of(
        ("normalize_advanced", 60_000, ""),
        ("normalize_exchange", 200_000, ""),
        ("stack_cpu", 1.0, ""),
        ("role_cpu", 20, "others ran"),
        ("restart", 1.0, ""),
    )
    now = rows_of(
        ("normalize_advanced", 50_000, ""),
        ("normalize_exchange", 190_000, ""),
        ("stack_cpu", 1.2, ""),
        ("role_cpu", 40, ""),
        ("restart", 2.0, "others ran"),
        ("version", 150, ""),
    )
    found = compare(now, earlier, 0.10)
    assert [(item.key, item.share) for item in found] == [
        ("normalize_advanced", 0.1667),
        ("stack_cpu", 0.2),
    ]
    assert compare(now, earlier, 0.25) == []
