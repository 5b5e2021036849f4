"""The page as it is served; in a browser: tests/system/test_page.py."""

import base64
import re
from hashlib import sha256

import pytest

from ledgerflux.adapters.gateway_page import GatewayPage, policy
from ledgerflux.ports import Request

RESPONSE = GatewayPage()(Request("/", {}))
TEXT = RESPONSE.body.decode()


def test_it_is_a_page_made_once():
    page = GatewayPage()
    assert page(Request("/", {})) is page(Request("/", {}))
    assert (RESPONSE.status, RESPONSE.content_type) == (200, "text/html; charset=utf-8")


def test_its_policy_lets_its_own_script_and_style_run_and_nothing_else():
    told = dict(
        part.split(" ", 1) for part in RESPONSE.headers["Content-Security-Policy"].split("; ")
    )
    assert told["default-src"] == "'none'"
    assert told["connect-src"] == "'self'"
    for tag in ("script", "style"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", TEXT, re.DOTALL)
        digest = base64.b64encode(sha256(body.encode()).digest()).decode()
        assert told[f"{tag}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in str(told)


def test_two_scripts_would_have_two_hashes():
    assert policy("<script>a</script><script>b</script>").count("sha256") == 2


@pytest.mark.parametrize("elsewhere", ["https?://", r"\bsrc=", "@import", r"url\(", r"\bimport\b"])
def test_it_names_nothing_that_is_elsewhere(elsewhere):
    assert re.findall(elsewhere, TEXT) == []


def test_it_has_nothing_that_its_policy_would_stop():
    assert re.findall(r"\s(?:style|on\w+)=\"", TEXT) == []
    assert "innerHTML" not in TEXT


def test_prices_and_sizes_never_become_floats():
    assert re.findall(r"parseFloat|toFixed\((?!4\))", TEXT) == []
    widths = [line for line in TEXT.splitlines() if "Number(" in line]
    assert all("most" in line for line in widths)
