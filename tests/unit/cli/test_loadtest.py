import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.stack import loadtesting
from ledgerflux_cli.app import run_command


@pytest.fixture
def planned(monkeypatch):
    """Yield the plans of load tests, none of which is run."""
    plans = []

    def seen(plan, slos, show):
        plans.append(plan)
        raise ConfigError("not today")

    monkeypatch.setattr(loadtesting, "LoadTest", seen)
    return plans


@pytest.mark.parametrize(
    ("flags", "products"),
    [
        ((), ("3-each",)),
        (("--scenario", "performance"), ("3-each",)),
        (("--scenario", "basic"), ()),
        (("--scenario", "basic", "--products", "3-each"), ("3-each",)),
        (("--products", "5-each"), ("5-each",)),
        (("--products", "all"), ()),
        (("--products", "ALL"), ()),
        (("--products", "btc-usd, ETH-USD"), ("BTC-USD", "ETH-USD")),
    ],
)
def test_each_client_follows_three_products_unless_told_otherwise(planned, flags, products):
    assert run_command(["loadtest", *flags]) == 2
    assert planned[0].products == products


@pytest.mark.parametrize("text", ["0-each", "x-each", "-each", "3-each,BTC-USD", "3-EACH"])
def test_what_is_no_number_of_products_starts_nothing(planned, capsys, text):
    assert run_command(["loadtest", "--products", text]) == 2
    assert "is no N-each such as 3-each" in capsys.readouterr().err
    assert not planned


@pytest.mark.parametrize("text", ["", " , "])
def test_no_product_at_all_is_not_taken_for_all(planned, capsys, text):
    assert run_command(["loadtest", "--products", text]) == 2
    assert "names no product" in capsys.readouterr().err
    assert not planned
