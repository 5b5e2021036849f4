from pathlib import Path

import pytest
from jwt_files import pem_of
from tls_files import make_tls

from ledgerflux.adapters.jwt_tokens import SignedTokens
from ledgerflux.adapters.key_file import add_key
from ledgerflux.core.credentials import KeysAndTokens, StoredKey
from ledgerflux.errors import ConfigError
from ledgerflux.ports import Visit
from ledgerflux.settings import RoleSettings, UpRequest
from ledgerflux.stack.securing import authority_of, check_gateways, guard_of, tls_of
from ledgerflux.testing.clock import ManualClock


def settings(**more):
    return RoleSettings(data_dir=Path("x"), nats_url="nats://x", **more)


def test_on_loopback_nothing_is_needed():
    for host in ("127.0.0.1", "::1", "localhost"):
        assert tls_of(settings(host=host)) is None


def test_elsewhere_tls_or_the_word_for_none_is_needed(tmp_path):
    for host in ("0.0.0.0", "::", "10.0.0.1", "gateway.example"):
        with pytest.raises(ConfigError) as caught:
            tls_of(settings(host=host))
        assert caught.value.code == "insecure_listen"
        assert any("--tls-cert" in step for step in caught.value.try_next)
        assert tls_of(settings(host=host, insecure_public=True)) is None
    _, made, key = make_tls(tmp_path)
    assert tls_of(settings(host="0.0.0.0", tls_cert=made, tls_key=key))


@pytest.mark.parametrize("name", ["tls_cert", "tls_key"])
def test_half_a_pair_is_refused(name):
    with pytest.raises(ConfigError) as caught:
        tls_of(settings(**{name: Path("x.pem")}))
    assert caught.value.code == "bad_certificate"


def test_the_guard_knows_its_origins_and_who_can_reach_it():
    def judged(origin, named, **more):
        visit = Visit("127.0.0.1", "/v1/ws", websocket=True, host=named, origin=origin)
        return guard_of(settings(**more), ManualClock()).judge(visit)

    assert judged("http://md.example", "md.example").status == 403
    assert judged("http://md.example", "md.example", host="0.0.0.0") is None
    assert judged("https://app.example", "x").status == 403
    assert judged("https://app.example", "x", origins=("https://app.example",)) is None


def test_a_file_of_keys_closes_the_gateway(tmp_path):
    assert not guard_of(settings(), ManualClock()).closed
    add_key(tmp_path / "keys.json", "a", StoredKey("s", "h"))
    assert guard_of(settings(keys_file=tmp_path / "keys.json"), ManualClock()).closed
    with pytest.raises(ConfigError):
        guard_of(settings(keys_file=tmp_path / "none.json"), ManualClock())


def test_keys_of_those_who_sign_close_it_too_and_both_are_known(tmp_path):
    (tmp_path / "jwt.pub").write_bytes(pem_of("ES256"))
    add_key(tmp_path / "keys.json", "a", StoredKey("s", "h"))
    assert authority_of(settings()) is None
    signed_alone = authority_of(settings(jwt_keys=tmp_path / "jwt.pub"))
    both = authority_of(settings(jwt_keys=tmp_path / "jwt.pub", keys_file=tmp_path / "keys.json"))
    assert isinstance(signed_alone, SignedTokens)
    assert isinstance(both, KeysAndTokens)


@pytest.mark.parametrize("name", ["jwt_issuer", "jwt_audience"])
def test_what_judges_tokens_without_keys_for_them_is_refused(name):
    with pytest.raises(ConfigError) as caught:
        authority_of(settings(**{name: "us"}))
    assert caught.value.code == "bad_jwt_keys"


def test_what_is_asked_of_gateways_is_judged_before_they_start(tmp_path):
    _, made, key = make_tls(tmp_path)
    check_gateways(UpRequest())
    check_gateways(UpRequest(host="0.0.0.0", tls_cert=str(made), tls_key=str(key)))
    for wrong, code in (
        (UpRequest(tls_cert=str(made)), "bad_certificate"),
        (UpRequest(keys_file=str(tmp_path / "none")), "bad_keys"),
        (UpRequest(jwt_keys=str(tmp_path / "none")), "bad_jwt_keys"),
        (UpRequest(jwt_audience="us"), "bad_jwt_keys"),
        (UpRequest(host="0.0.0.0"), "insecure_listen"),
    ):
        with pytest.raises(ConfigError) as caught:
            check_gateways(wrong)
        assert caught.value.code == code
