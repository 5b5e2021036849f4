import pytest

from ledgerflux.settings import RoleSettings, Source, parse_duration, parse_source


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("auto", Source("auto")),
        ("coinbase-exchange", Source("coinbase-exchange")),
        ("synthetic", Source("synthetic", rate=200)),
        ("synthetic:5000", Source("synthetic", rate=5000)),
        ("replay:/a:b.lfr", Source("replay", path="/a:b.lfr")),
    ],
)
def test_a_source_is_read(text, source):
    assert parse_source(text) == source
    assert source.needs_exchange == text.startswith(("synthetic", "replay"))


@pytest.mark.parametrize("text", ["", "kraken", "replay:", "synthetic:0", "synthetic:1e3"])
def test_what_is_no_source_is_refused_with_those_there_are(text):
    with pytest.raises(ValueError, match="is no source: auto, coinbase-advanced"):
        parse_source(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("10s", 10), ("2m", 120), ("1.5h", 5400)]
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "soon", "-1s", "1 s", "1d"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration such as 500ms"):
        parse_duration(text)


def test_a_roles_secrets_are_not_printed(tmp_path):
    settings = RoleSettings(
        data_dir=tmp_path, nats_url="", nats_password="hush", postgres_dsn="hush"
    )
    assert "hush" not in repr(settings)
