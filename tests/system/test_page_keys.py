"""The page of a gateway that wants a key, in a real browser, over TLS."""

import json

import pytest
from browser import browsing
from jwt_files import pem_of
from stacks import until
from tls_files import make_tls

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.timeout(300)]

HELD = "JSON.stringify([sessionStorage.length, localStorage.length, document.cookie])"


@pytest.fixture
def page(tmp_path):
    with browsing(tmp_path / "browser") as made:
        made.call("Security.setIgnoreCertificateErrors", ignore=True)
        yield made


def give(page, key):
    """Type a key and show it."""
    page.run(f"document.querySelector('#key').value = {json.dumps(key)}")
    page.run("document.querySelector('#door button').click()")


def connection(page):
    return page.run("document.body?.dataset.connection")


def test_the_page_asks_for_a_key_and_keeps_it_in_its_tab(stack, page, tmp_path):
    keys = ("--keys-file", tmp_path / "keys.json")
    key = stack.lf("token", "create", *keys, "--id", "web").stdout.strip()
    (tmp_path / "jwt.key").write_bytes(pem_of("ES256", private=True))
    (tmp_path / "jwt.pub").write_bytes(pem_of("ES256"))
    sign = ("--jwt-signing-key", tmp_path / "jwt.key", "--id", "some", "--products", "ETH-USD")
    token = stack.lf("token", "create", *sign, "--channels", "level2,heartbeats").stdout.strip()
    _, certificate, tls_key = make_tls(tmp_path / "tls")
    up = stack.start(
        "--source", "synthetic:200", "--products", "BTC-USD,ETH-USD", "--shards", "1", *keys,
        "--jwt-keys", tmp_path / "jwt.pub", "--tls-cert", certificate, "--tls-key", tls_key,
    )  # fmt: skip
    page.open(f"{up['gateway']['http']}/#BTC-USD")
    until(lambda: connection(page) == "locked", 30, "the page asks")
    until(lambda: page.text("#connection") == "a key is wanted", 10)
    assert page.run("getComputedStyle(document.querySelector('#door')).display") == "flex"

    give(page, key[:-4] + "AAAA")
    until(lambda: "not known" in page.text("#door-reason"), 30, "a wrong key is told")
    assert connection(page) == "locked"
    assert json.loads(page.run(HELD)) == [0, 0, ""]

    give(page, key)
    until(lambda: page.text("#mid") not in ("", "-"), 30, "a book")
    until(lambda: page.texts(".trade"), 30, "trades, over HTTP and the socket")
    assert connection(page) == "open"
    assert page.run("getComputedStyle(document.querySelector('#door')).display") == "none"
    assert json.loads(page.run(HELD)) == [1, 0, ""]
    assert not any(key in request for request in page.requests)

    page.call("Page.reload")
    until(lambda: page.text("#mid") not in (None, "", "-"), 30, "the tab has kept it")
    page.run("sessionStorage.clear()")
    page.call("Page.reload")
    until(lambda: connection(page) == "locked", 30, "nothing else has")

    give(page, token)
    until(lambda: page.texts("#products .name") == ["ETH-USD"], 30, "what is granted")
    until(lambda: page.text("#mid") not in ("", "-"), 30, "its book")
    until(lambda: "forbidden" in str(page.texts("#gap-list li")), 30, "what is not granted")
    told = [text for text in page.texts("#gap-list li") if "channels granted" in text]
    assert len(told) == len(set(told)) <= 2, "each of them once"
    assert [text for text in page.complaints if "401" not in text and "403" not in text] == []
