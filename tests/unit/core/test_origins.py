import pytest

from ledgerflux.core.origins import Origins, is_loopback, read_origin


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "[::1]"]
)
def test_loopback_is_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.com", ""])
def test_everything_else_may_be_reached_from_elsewhere(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Example.com", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:8000", "http://example.com:8000"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_read_with_case_and_usual_port_left_out(text, origin):
    assert read_origin(text) == origin


NO_ORIGINS = [
    "null",
    "",
    "*",
    "example.com",
    "ftp://example.com",
    "https://",
    "https://example.com/path",
    "https://example.com?a",
    "https://example.com#a",
    "https://user@example.com",
    "https://a.com, https://b.com",
    "https://example.com:port",
    "https://example.com:99999",
    "https://[half",
]


@pytest.mark.parametrize("text", NO_ORIGINS)
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_origin(text)
    assert not Origins(loopback_only=False).admits(text, "example.com")


def test_who_is_no_browser_names_no_origin_and_comes_in():
    assert Origins().admits(None, "127.0.0.1:8000")
    assert Origins().admits(None, None)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "localhost:9000", "[::1]:80"])
def test_the_page_of_the_gateway_itself_comes_in_by_every_address_of_this_machine(host):
    assert Origins().admits(f"http://{host}", host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.com", "127.0.0.1:8000"),
        ("http://127.0.0.1:3000", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000", None),
        ("http://127.0.0.1:8000", "127.0.0.1:8000, x"),
    ],
)
def test_pages_from_elsewhere_stay_outside(origin, host):
    assert not Origins().admits(origin, host)
    assert not Origins(loopback_only=False).admits(origin, host)


def test_a_name_that_somebody_points_at_this_machine_is_no_address_of_it():
    assert not Origins().admits("http://evil.com:8000", "evil.com:8000")
    assert Origins(loopback_only=False).admits("http://md.example:8000", "md.example:8000")


def test_behind_something_that_speaks_tls_for_it_the_page_is_still_its_own():
    assert Origins(loopback_only=False).admits("https://md.example", "md.example")
    assert Origins(loopback_only=False).admits("https://md.example", "md.example:443")


def test_origins_that_are_named_come_in_whatever_the_host():
    origins = Origins(["https://App.example"])
    assert origins.admits("https://app.example:443", "127.0.0.1:8000")
    assert not origins.admits("http://app.example", "127.0.0.1:8000")
