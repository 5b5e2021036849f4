from ledgerflux_tui.following import SETTLED_NS, Following
from ledgerflux_tui.sources.base import Focus


class Asked:
    """A source that notes what it was asked for."""

    def __init__(self):
        self.asked = []

    def focus(self, focus):
        self.asked.append(focus)


def products(source):
    return [focus.product for focus in source.asked]


def test_the_first_product_is_followed_at_once_and_asked_for_once():
    following = Following(source := Asked())
    following.settle(None, 0)
    assert source.asked == []
    following.settle("BTC-USD", 1)
    following.settle("BTC-USD", 2)
    assert products(source) == ["BTC-USD"]


def test_who_scrolls_asks_only_for_where_it_stops():
    following = Following(source := Asked())
    for at, product in enumerate(["A", "B", "C", "D"]):
        following.settle(product, at * SETTLED_NS // 2)
    assert products(source) == ["A"]
    following.settle("D", 4 * SETTLED_NS)
    assert products(source) == ["A", "D"]


def test_who_comes_back_in_time_asks_for_nothing():
    following = Following(source := Asked())
    following.settle("A", 0)
    following.settle("B", 1)
    following.settle("A", 2)
    following.settle("A", 10 * SETTLED_NS)
    assert products(source) == ["A"]


def test_depth_and_interval_stay_with_the_next_product():
    following = Following(source := Asked())
    following.settle("A", 0)
    following.look_at(following.focus._replace(depth=50, interval="5m"))
    following.settle("B", 1)
    following.settle("B", 1 + SETTLED_NS)
    assert source.asked[-1] == following.focus == Focus("B", 50, "5m")
