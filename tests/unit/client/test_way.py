import ssl

import pytest
from tls_files import make_tls

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


@pytest.mark.parametrize(
    "token", ["lfk.a.two words", "lfk.a.\u00e9", "lfk.a.\n.b", "x" * 8001, " "]
)
def test_what_can_be_no_token_is_refused_and_not_told(token):
    with pytest.raises(ConfigError) as caught:
        connect("http://x", token=token)
    assert caught.value.code == "bad_argument"
    assert token.strip()[:5] not in str(caught.value) or not token.strip()


def test_white_space_around_a_token_is_none_of_it():
    assert connect("http://x", token="lfk.a.secret\n")._way.token == "lfk.a.secret"


def test_certificate_and_name_are_checked():
    context = Way().tls
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"


def test_who_names_nothing_goes_the_usual_way(tmp_path):
    use_way(Way(ca_file=tmp_path / "a"))
    assert usual_way().ca_file == tmp_path / "a"
    assert connect("https://x")._way.ca_file == tmp_path / "a"
    assert connect("https://x", ca_file=tmp_path / "b")._way.ca_file == tmp_path / "b"


def test_of_a_file_of_certificates_the_first_one_alone_is_believed(tmp_path):
    authority, certificate, _ = make_tls(tmp_path, "gateway.example")
    file = tmp_path / "both.pem"
    file.write_text("notes\n" + certificate.read_text() + authority.read_text())
    context = Way(certificate=file).tls
    [held] = context.get_ca_certs() or [None]
    assert context.cert_store_stats()["x509"] == 1
    assert held is None, "no authority is among them"
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert Way(certificate=file, ca_file=authority).tls.check_hostname


@pytest.mark.parametrize("content", [None, b"", b"nothing", b"\xff", b"-----END CERTIFICATE-----"])
def test_a_certificate_that_is_none_is_named(tmp_path, content):
    file = tmp_path / "cert.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"cert\.pem") as caught:
        _ = Way(certificate=file).tls
    assert caught.value.code == "bad_certificate"
