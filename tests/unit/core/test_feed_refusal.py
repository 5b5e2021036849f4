import pytest

from ledgerflux.core.feed_refusal import code_of, floor_s, retry_after_s


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, "feed_not_websocket"),
        (204, "feed_not_websocket"),
        (301, "feed_redirected"),
        (308, "feed_redirected"),
        (400, "feed_refused"),
        (401, "feed_forbidden"),
        (403, "feed_forbidden"),
        (404, "feed_refused"),
        (429, "feed_throttled"),
        (451, "feed_forbidden"),
        (500, "feed_unavailable"),
        (503, "feed_unavailable"),
    ],
)
def test_an_answer_to_an_upgrade_is_classified(status, code):
    assert code_of(status) == code


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("7", 7),
        (" 7 ", 7),
        ("999999999", 600),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 5000, None),
        ("\u0663", None),
    ],
)
def test_only_seconds_are_believed_and_not_without_end(text, seconds):
    assert retry_after_s(text) == seconds


@pytest.mark.parametrize(
    ("code", "asked_s", "least_s"),
    [
        ("feed_refused", None, 0),
        ("feed_unavailable", 30.0, 30),
        ("feed_throttled", None, 5),
        ("feed_throttled", 2.0, 5),
        ("feed_throttled", 90.0, 90),
        ("feed_forbidden", None, 60),
        ("feed_tls", None, 10),
        ("feed_redirected", None, 10),
        ("feed_not_websocket", None, 10),
    ],
)
def test_what_time_alone_seldom_cures_is_tried_seldom(code, asked_s, least_s):
    assert floor_s(code, asked_s) == least_s
