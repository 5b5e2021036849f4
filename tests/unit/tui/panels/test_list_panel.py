import pytest

from ledgerflux_tui.panels.list_panel import ChosenPanel, ListPanel

ROWS = 9
HEIGHT = 4


class Rows(ListPanel):
    """Rows without a dashboard: notes which were chosen, and which titles were clicked."""

    def __init__(self, rows=ROWS):
        super().__init__("rows")
        self.rows, self.chosen, self.titles = rows, [], []
        self.cursor.fit(rows, HEIGHT)

    @property
    def count(self):
        return self.rows

    def choose(self, at):
        self.chosen.append(at)
        self.cursor.fit(self.rows, HEIGHT)

    def title_clicked(self, x):
        self.titles.append(x)


@pytest.mark.parametrize(
    ("acts", "chosen"),
    [
        (["down", "down", "up"], [1, 2, 1]),
        (["page_down", "page_down", "page_down", "page_up"], [4, 8, 8, 4]),
        (["last", "down", "first", "up"], [8, 8, 0, 0]),
    ],
)
def test_keys_choose_rows_within_bounds(acts, chosen):
    rows = Rows()
    for act in acts:
        getattr(rows, f"act_move_{act}")()
    assert rows.chosen == chosen


def test_a_click_chooses_the_row_there_and_the_first_line_is_the_titles():
    rows = Rows()
    rows.act_move_last()
    rows.clicked(3, 1)
    rows.clicked(7, 0)
    rows.clicked(2, -1)
    assert (rows.chosen, rows.titles) == ([8, 5], [7])


def test_nothing_is_chosen_of_nothing():
    rows = Rows(0)
    rows.act_move_down()
    rows.clicked(0, 1)
    assert rows.chosen == []


def test_rows_that_went_away_are_not_chosen():
    rows = Rows()
    rows.act_move_last()
    rows.rows = 3
    rows.act_move_up()
    assert rows.chosen == [8, 2]


def test_the_panel_of_the_chosen_row_moves_in_its_table():
    rows = Rows()
    detail = ChosenPanel("detail", rows)
    detail.act_move_down()
    detail.act_move_down()
    detail.act_move_up()
    assert rows.chosen == [1, 2, 1]
