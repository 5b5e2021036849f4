import pytest

from ledgerflux.core import dialect
from ledgerflux.core.dialect import Routes, restamp


def test_equal_routes_are_one_object():
    routes = Routes()
    first = routes.get(("level2",), ("A-B",))
    assert routes.get(("level2",), ("A-B",)) is first
    assert routes.get(("level2",), ("C-D",)) is not first
    assert (first.channels, first.products, first.acknowledgement) == (
        ("level2",),
        ("A-B",),
        False,
    )


def test_only_so_many_routes_are_kept(monkeypatch):
    monkeypatch.setattr(dialect, "ROUTES_MAX", 2)
    routes = Routes()
    first = routes.get((), ("1",))
    for name in ("2", "3"):
        routes.get((), (name,))
    assert routes.get((), ("1",)) is not first


@pytest.mark.parametrize(
    ("number", "frame"), [(0, b"<0>"), (123, b"<123>"), (-4, b"<0>"), (7, b"<7>")]
)
def test_only_the_digits_are_replaced(number, frame):
    assert restamp(b"<7>", (1, 2), number) == frame
