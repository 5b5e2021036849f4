"""`lf up` with TLS, API keys and signed tokens: who has one gets all, who has none one line."""

import asyncio
import json

import pytest
from jwt_files import pem_of
from tls_files import make_tls

from ledgerflux.client import connect
from ledgerflux.client.addresses import get_json
from ledgerflux.client.way import Way
from ledgerflux.errors import GatewayError

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.timeout(300)]

MARKET = ("--source", "synthetic:200", "--products", "BTC-USD,ETH-USD", "--shards", "1")
NEXT = "next: lf ... --token-file FILE"


@pytest.fixture
def files(tmp_path, stack):
    """Make keys and certificates; return what `lf up` is told, and the authority."""
    (tmp_path / "jwt.key").write_bytes(pem_of("EdDSA", private=True))
    (tmp_path / "jwt.pub").write_bytes(pem_of("EdDSA"))
    keys = tmp_path / "keys.json"
    made = stack.lf("token", "create", "--keys-file", keys, "--id", "desk").stdout
    (tmp_path / "desk.key").write_text(made)
    (tmp_path / "wrong.key").write_text(made.strip()[:-4] + "AAAA")
    sign = ("--jwt-signing-key", tmp_path / "jwt.key", "--products", "BTC-*")
    (tmp_path / "web.jwt").write_text(stack.lf("token", "create", *sign, "--id", "web").stdout)
    authority, certificate, key = make_tls(tmp_path / "tls")
    tls = ("--tls-cert", certificate, "--tls-key", key)
    return (*tls, "--keys-file", keys, "--jwt-keys", tmp_path / "jwt.pub"), authority


def denied(done):
    """Return the lines of an error, which must be one and what to do next."""
    assert done.stdout == ""
    first, *more = done.stderr.splitlines()
    assert [line.strip() for line in more] == [NEXT]
    return first


async def test_who_has_a_key_gets_all_and_who_has_none_one_line(stack, files, tmp_path):
    flags, authority = files
    up = stack.start(*MARKET, *flags)
    address = up["gateway"]["http"]
    assert address.startswith("https://")
    assert up["gateway"]["ws"].startswith("wss://")
    key, token = ("--token-file", tmp_path / "desk.key"), ("--token-file", tmp_path / "web.jwt")
    stack.lf("wait", "--for", "first-update", "--timeout", "60s", *key)

    sub, wrong = ("sub", "BTC-USD", "--count", "2"), ("--token-file", tmp_path / "wrong.key")
    for shown in (key, token):
        assert len(stack.lf(*sub, *shown).stdout.splitlines()) == 2
    for command in (sub, ("book", "BTC-USD"), ("status",)):
        assert denied(stack.lf(*command, check=1)).startswith("error[auth_required]: ")
    for command in (sub, ("products",)):
        assert denied(stack.lf(*command, *wrong, check=1)).startswith("error[auth_failed]: ")
    for command in (("book", "BTC-USD"), ("status",), ("products",)):
        assert stack.lf(*command, *key).stdout
    load = ("loadtest", "--clients", "1", "--duration", "2s", "--ramp", "0s", "--no-live")
    assert denied(stack.lf(*load, check=1)).startswith("error[auth_required]: ")
    report = json.loads(stack.lf(*load, "--json", "-", *key, check=None).stdout)
    assert report["clients"]["subscribed"] == 1
    other = stack.lf("sub", "ETH-USD", "--count", "1", *token, check=1)
    assert "error[forbidden]" in other.stderr
    assert stack.lf("open", "gateway", "--print").stdout.strip() == f"{address}/"

    secret = (tmp_path / "desk.key").read_text().strip()
    async with connect(address, ca_file=authority, token=secret, strict=True) as client:
        await client.subscribe("level2", ["BTC-USD"])
        async with asyncio.timeout(30):
            async for message in client:
                if message.type == "snapshot":
                    break
    wrong = (tmp_path / "wrong.key").read_text()
    with pytest.raises(GatewayError) as caught:
        async with connect(address, ca_file=authority, token=wrong):
            pass
    assert caught.value.code == "auth_failed"
    with pytest.raises(GatewayError):
        get_json(address, "/v1/status", way=Way(token=secret))
    with pytest.raises(GatewayError):
        get_json(address.replace("https", "http"), "/v1/status", way=Way(token=secret))

    again = stack.lf("up", "-d", *MARKET, *flags)
    assert (again.stdout, "--token-file" in again.stderr) == (
        "already up, nothing was started\n", True,
    )  # fmt: skip
    other = stack.lf("up", "-d", *MARKET, *flags[:4], check=6)
    assert "keys-file: running" in other.stderr

    words = [" ".join(process.cmdline()) for process in stack.processes()]
    written = [*(stack.data_dir / "logs").iterdir(), stack.data_dir / "run.json"]
    kept = [file.read_bytes() for file in written]
    assert len(kept) > 5
    for shown in (secret, (tmp_path / "web.jwt").read_text().strip()):
        part = shown[-30:]
        assert not any(part in line for line in words)
        assert not any(part.encode() in data for data in kept)
    stack.down()
    assert not (stack.data_dir / "run.json").exists()


def test_what_can_not_start_is_told_before_anything_is_started(stack, files, tmp_path):
    flags, _ = files
    (tmp_path / "keys.json").write_text("{}")
    done = stack.lf("up", "-d", "--port", "0", *MARKET, *flags, check=2)
    assert "error[bad_keys]" in done.stderr
    half = stack.lf("up", "-d", "--port", "0", *MARKET, *flags[:2], check=2)
    assert "error[bad_certificate]" in half.stderr
    assert stack.processes() == []
