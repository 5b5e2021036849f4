import io
import json
import time

import jwt
import pytest
from jwt_files import pem_of

from ledgerflux.client.way import read_token
from ledgerflux.errors import ConfigError
from ledgerflux_cli.app import run_command


@pytest.fixture
def lf(capsys, tmp_path, monkeypatch):
    """Run `lf token` on a file of keys; return (code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        if "--jwt-signing-key" not in arguments:
            arguments = (*arguments, "--keys-file", str(tmp_path / "keys.json"))
        code = run_command(["token", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_key_is_made_once_and_known_by_its_file(lf, tmp_path):
    code, key, said = lf("create", "--id", "desk", "--products", "BTC-*,ETH-USD")
    assert (code, key[:9], "desk" in said) == (0, "lfk.desk.", True)
    assert key.split(".")[2].strip() not in (tmp_path / "keys.json").read_text()
    (tmp_path / "desk.key").write_text(key)
    code, out, _ = lf("verify", "--token-file", "desk.key")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["id", "desk"], ["products", "BTC-*,ETH-USD"], ["channels", "*"], ["expires_at", "-"],
    ]  # fmt: skip
    assert lf("create", "--id", "desk")[0] == 6


def test_json_is_one_document(lf, monkeypatch):
    made = json.loads(lf("create", "--id", "a", "--expires", "1h", "--json")[1])
    assert (made["schema"], made["id"], made["products"]) == ("lf.token/1", "a", ["*"])
    monkeypatch.setattr("sys.stdin", io.StringIO(made["key"] + "\n"))
    shown = json.loads(lf("verify", "--json")[1])
    assert shown == {name: value for name, value in made.items() if name != "key"}


@pytest.mark.parametrize("shown", ["", "lfk.a.wrong", "nonsense"])
def test_what_is_no_key_of_the_file_ends_with_1_and_is_not_repeated(lf, monkeypatch, shown):
    lf("create", "--id", "a")
    monkeypatch.setattr("sys.stdin", io.StringIO(shown))
    code, out, err = lf("verify")
    assert (code, out) == (1, "")
    assert "error[auth_failed]" in err
    assert not shown or shown not in err


def test_an_expired_key_says_so(lf, monkeypatch):
    key = lf("create", "--id", "a", "--expires", "0s")[1]
    monkeypatch.setattr("sys.stdin", io.StringIO(key))
    code, _, err = lf("verify")
    assert code == 1
    assert "error[token_expired]" in err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--id", "a b"), ("--id", ""), ("--id", "a", "--products", "btc usd"),
        ("--id", "a", "--products", ","), ("--id", "a", "--channels", "level3"),
        ("--id", "a", "--expires", "soon"), ("--id", "a", "--channels", ""),
        ("--id", "a", "--expires", "99999999h"),
    ],
)  # fmt: skip
def test_what_no_file_may_hold_is_refused_and_nothing_is_made(lf, tmp_path, wrong):
    code, out, err = lf("create", *wrong)
    assert (code, out, err.startswith("error[bad_argument]: --")) == (2, "", True)
    assert not (tmp_path / "keys.json").exists()


def test_a_file_that_is_none_of_keys_is_told(lf, tmp_path):
    (tmp_path / "keys.json").write_text("{}")
    code, _, err = lf("create", "--id", "a")
    assert (code, "error[bad_keys]" in err) == (2, True)


@pytest.mark.parametrize("content", [None, b"", b"two words", b"\xff\xfe", b"a\nb", b"x" * 8193])
def test_a_file_without_a_token_is_told_and_not_repeated(tmp_path, content):
    file = tmp_path / "t"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_token(file)
    assert "words" not in str(caught.value)


def test_a_token_is_signed_and_known_by_the_public_key(lf, tmp_path):
    (tmp_path / "jwt.key").write_bytes(pem_of("EdDSA", private=True))
    (tmp_path / "jwt.pub").write_bytes(pem_of("EdDSA"))
    asked = ("create", "--jwt-signing-key", "jwt.key", "--id", "desk", "--jwt-audience", "gw")
    code, token, said = lf(*asked, "--products", "BTC-*", "--expires", "1h")
    assert (code, token.count("."), "signed for desk" in said) == (0, 2, True)
    assert not (tmp_path / "keys.json").exists()
    (tmp_path / "desk.jwt").write_text(token)
    lf("create", "--id", "a")
    verify = ("verify", "--jwt-keys", "jwt.pub", "--token-file", "desk.jwt")
    code, out, _ = lf(*verify, "--jwt-audience", "gw", "--json")
    document = json.loads(out)
    assert (code, document["id"], document["products"]) == (0, "desk", ["BTC-*"])
    assert document["expires_at"] is not None
    code, _, err = lf(*verify, "--jwt-audience", "other")
    assert (code, "error[auth_failed]" in err, token.strip() in err) == (1, True, False)


def test_a_signed_token_ends_after_an_hour_where_nothing_was_said(lf, tmp_path):
    (tmp_path / "jwt.key").write_bytes(pem_of("ES256", private=True))
    before_s = time.time()
    asked = ("create", "--jwt-signing-key", "jwt.key", "--id", "desk", "--jwt-issuer", "us")
    token = json.loads(lf(*asked, "--json")[1])["key"]
    said = jwt.decode(token, options={"verify_signature": False})
    assert 3590 < said["exp"] - before_s < 3610
    assert (said["iss"], said["sub"], "aud" in said) == ("us", "desk", False)


def test_what_was_typed_counts_before_what_is_set(lf, tmp_path, monkeypatch):
    (tmp_path / "jwt.key").write_bytes(pem_of("EdDSA", private=True))
    monkeypatch.setenv("LF_JWT_SIGNING_KEY", "jwt.key")
    assert lf("create", "--id", "desk")[1].startswith("lfk.desk.")
    monkeypatch.setenv("LF_KEYS_FILE", "keys.json")
    assert lf("create", "--jwt-signing-key", "jwt.key", "--id", "a")[1].count(".") == 2
    both = ("--keys-file", "keys.json", "--jwt-signing-key", "jwt.key")
    code, out, err = lf("create", *both, "--id", "a")
    assert (code, out, "error[usage]: either" in err) == (2, "", True)


def test_what_can_not_sign_and_what_no_gateway_would_look_at_is_refused(lf, tmp_path):
    (tmp_path / "jwt.pub").write_bytes(pem_of("EdDSA"))
    code, out, err = lf("create", "--jwt-signing-key", "jwt.pub", "--id", "a")
    assert (code, out, "error[bad_jwt_keys]" in err) == (2, "", True)
    (tmp_path / "jwt.key").write_bytes(pem_of("EdDSA", private=True))
    many = ",".join(f"A{number}-USD" for number in range(900))
    code, out, err = lf("create", "--jwt-signing-key", "jwt.key", "--id", "a", "--products", many)
    assert (code, out, "error[bad_argument]" in err) == (2, "", True)


@pytest.mark.parametrize("command", [("create", "--id", "a"), ("verify",)])
def test_without_a_file_it_says_which_are_meant(capsys, monkeypatch, command):
    monkeypatch.delenv("LF_KEYS_FILE", raising=False)
    assert run_command(["token", *command]) == 2
    assert "error[usage]: --keys-file or --jwt" in capsys.readouterr().err
