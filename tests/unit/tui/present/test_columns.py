from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.columns import (
    Fixed,
    cells_line,
    column_at,
    head_line,
    placed,
    used,
)

COLUMNS = (
    Fixed("shard", "sh", 3),
    Fixed("owner", "owner", 6, right=False, rank=2),
    Fixed("rate", "rate/s", 7, rank=1),
)


def names(width):
    return [at.column.name for at in placed(COLUMNS, width, 2)]


def test_what_does_not_fit_goes_in_the_order_of_the_ranks():
    assert names(20) == ["shard", "owner", "rate"]
    assert names(19) == ["shard", "rate"]
    assert names(12) == ["shard"]
    assert names(1) == ["shard"], "the first of all is never left out"


def test_cells_stand_under_their_titles():
    columns = placed(COLUMNS, 20, 2)
    line = cells_line(
        columns, [("1", "head"), ("norm-1", "plain"), ("812", "plain")], ("▶", "select")
    )
    assert text_of(head_line(columns, "rate")) == "   sh owner  rate/s▴"
    assert text_of(line) == "▶   1 norm-1     812"
    assert text_of(head_line(columns, "shard", reverse=True)) == "  sh▾ owner   rate/s"


def test_a_cell_that_is_too_long_is_cut_with_a_mark():
    columns = placed(COLUMNS, 20, 2)
    line = cells_line(
        columns, [("1", "head"), ("normalize", "plain"), ("1", "plain")], ("", "plain")
    )
    assert text_of(line) == "    1 norma…       1"


def test_a_column_is_found_by_where_it_was_clicked():
    columns = placed(COLUMNS, 20, 2)
    assert [column_at(columns, x) for x in (1, 2, 4, 5, 6, 19, 20)] == [
        None, "shard", "shard", None, "owner", "rate", None,
    ]  # fmt: skip


def test_no_columns_take_no_room():
    assert used([]) == 0
    assert cells_line([], [], ("", "plain")) == []


@given(
    st.integers(min_value=5, max_value=60), st.lists(st.text(max_size=20), min_size=3, max_size=3)
)
def test_no_line_is_wider_than_its_room(width, texts):
    columns = placed(COLUMNS, width, 2)
    cells = [(text, "plain") for text in texts][: len(columns)]
    line = cells_line(columns, cells, ("▶", "select"))
    assert sum(len(text) for text, _ in line) == used(columns) <= width
