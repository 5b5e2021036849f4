"""The gateway's page in a real browser, on a stack that runs: what it shows, and what it says."""

import json
import os
import urllib.request
from urllib.parse import urlsplit

import pytest
from browser import browsing
from stacks import until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

PRODUCTS = ["BTC-USD", "ETH-USD"]
SIZES = {"desktop": (1440, 900), "laptop": (1024, 700), "phone": (400, 860)}
WATCH = """
window.seen = [];
new MutationObserver(() => window.seen.push([
  document.body.dataset.connection,
  getComputedStyle(document.querySelector('main')).opacity,
  document.querySelector('#mid').textContent,
  document.querySelectorAll('#bids .price').length,
])).observe(document.body, {attributes: true});
"""


PICTURES = """
window.pictures = new Map();
const ladder = document.querySelector('#ladder');
const levels = side => [...document.querySelectorAll(`#${side} .row`)]
  .map(row => [...row.children].slice(0, 2).map(cell => cell.textContent.trim()))
  .filter(([price]) => price);
new MutationObserver(() => window.pictures.set(
  ladder.dataset.position, [levels('bids'), levels('asks').reverse()],
)).observe(ladder, {attributes: true, attributeFilter: ['data-position']});
"""


@pytest.fixture
def page(tmp_path):
    with browsing(tmp_path / "browser") as made:
        yield made


def prices(page, side):
    return [text for text in page.texts(f"#{side} .price") if text]


def shown(page):
    """Wait for a whole picture; return the mid."""
    until(lambda: prices(page, "bids") and prices(page, "asks"), 30, "a book on the page")
    until(lambda: page.texts(".trade"), 30, "trades on the page")
    return page.text("#mid")


def same_book_over_http(stack, page, product, depth=10):
    """Wait for a position that both the page and HTTP have told; return the book of each."""
    page.run(PICTURES)
    url = stack.run_state()["gateway"]["http"]
    told = {}

    def both():
        with urllib.request.urlopen(f"{url}/v1/products/{product}/book?depth={depth}") as answer:
            book = json.load(answer)
        told[f"{book['epoch']}/{book['seq']}"] = [book["bids"], book["asks"]]
        drawn = page.run("[...window.pictures.keys()]")
        return next((position for position in drawn if position in told), None)

    position = until(both, 30, "a position told by both")
    drawn = page.run(f"window.pictures.get({json.dumps(position)})")
    return [side[:depth] for side in drawn], told[position]


def keep(page, name):
    """Write a picture where somebody wants to look at it."""
    folder = os.environ.get("LF_PICTURES")
    if folder:
        page.picture(f"{folder}/{name}.png")


def test_the_page_shows_live_books_and_says_when_they_are_not(stack, page):
    up = stack.start("--source", "synthetic:200", "--products", ",".join(PRODUCTS), "--shards", "1")
    url = up["gateway"]["http"]
    assert stack.lf("open", "gateway", "--print").stdout.strip() == f"{url}/"
    stack.wait("first-update")
    page.open(f"{url}/#ETH-USD")

    first = shown(page)
    until(lambda: page.text("#mid") != first, 30, "another price")
    assert page.text("#connection") == "connected"
    assert page.text("#source") == "synthetic:200"
    assert page.text("#ladder-name").upper() == "ETH-USD BOOK"
    assert page.text("#book-state") == "live, proved by sequence"
    assert page.texts("#products .name") == PRODUCTS

    page.run("document.querySelector('#products button').click()")
    until(lambda: page.text("#ladder-name").upper() == "BTC-USD BOOK", 10)
    shown(page)
    drawn, told = same_book_over_http(stack, page, "BTC-USD")
    assert drawn == told
    assert len(drawn[0]) == len(drawn[1]) == 10

    for name, (width, height) in SIZES.items():
        for scheme in ("dark", "light"):
            page.resize(width, height, scheme)
            shown(page)
            keep(page, f"{name}-{scheme}")
            wide = page.run("document.documentElement.scrollWidth")
            assert wide == width, f"{name}: {wide} px wide"
    page.resize(*SIZES["desktop"])
    assert page.complaints == []

    page.run(WATCH)
    stack.kill("gateway")
    until(
        lambda: page.run("window.seen.length > 1 && window.seen.at(-1)[0] === 'open'"),
        60,
        "it is back",
    )
    lost = page.run("window.seen[0]")
    assert lost[0] == "lost"
    assert lost[2] not in ("", "-"), "the last picture is gone"
    assert lost[3] > 0
    before = shown(page)
    until(lambda: page.text("#book-state") == "live, proved by sequence", 60, "live again")
    until(lambda: page.text("#mid") != before, 30, "another price")
    assert page.text("#violations") == "0"

    quiet = [text for text in page.complaints if "WebSocket connection" not in text]
    assert quiet == []
    assert {urlsplit(request).netloc for request in page.requests} == {urlsplit(url).netloc}

    stack.lf("down")
    until(lambda: page.text("#connection") == "connection lost", 30)
    until(
        lambda: float(page.run("getComputedStyle(document.querySelector('main')).opacity")) < 0.7,
        10,
    )
    until(lambda: page.text("#ladder-age").endswith("old"), 10, "its age")
    assert page.text("#book-state") == "stale, not proved now"
    assert len(prices(page, "bids")) > 3
    assert "last picture" in page.text("#notice")
    keep(page, "lost")
