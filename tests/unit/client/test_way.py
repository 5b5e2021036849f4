import pytest

from ledgerflux.client import connect, way
from ledgerflux.client.way import Way, use_way, usual_way
from ledgerflux.errors import ConfigError


@pytest.fixture(autouse=True)
def unchanged(monkeypatch):
    monkeypatch.setattr(way, "_usual", Way())


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_holds_nothing_to_trust_is_named(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca\.pem") as caught:
        _ = Way(ca_file=file).tls
    assert caught.value.code == "bad_certificate"


def test_certificate_and_name_are_checked():
    context = Way().tls
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"


def test_who_names_nothing_goes_the_usual_way(tmp_path):
    use_way(Way(ca_file=tmp_path / "a"))
    assert usual_way().ca_file == tmp_path / "a"
    assert connect("https://x")._way.ca_file == tmp_path / "a"
    assert connect("https://x", ca_file=tmp_path / "b")._way.ca_file == tmp_path / "b"
