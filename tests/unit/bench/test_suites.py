import msgspec
import pytest

from ledgerflux.bench.evaluate import Document, Machine, Measured, judge
from ledgerflux.bench.suites import compared, read_document, read_rate, read_tolerance
from ledgerflux.errors import ConfigError

MACHINE = Machine("A chip", 2, 8 * 2**30, "Linux", "3.11.7", "0.1.0", "abc1234", "2026-11-22", 0.1)


def document_of(suite, value):
    return Document(suite, MACHINE, judge([Measured("stack_cpu", value, "")]))


@pytest.mark.parametrize(
    ("text", "read"), [(None, (None, False)), ("max", (None, True)), ("30000", (30_000, False))]
)
def test_a_rate_is_a_number_or_max(text, read):
    assert read_rate(text) == read


@pytest.mark.parametrize("text", ["0", "-1", "fast", "1e3", "99999999", "", "٣"])
def test_any_other_rate_is_refused(text):
    with pytest.raises(ConfigError, match="--rate"):
        read_rate(text)


@pytest.mark.parametrize(("text", "share"), [("10%", 0.10), ("2.5%", 0.025), ("0%", 0.0)])
def test_a_tolerance_is_a_percentage(text, share):
    assert read_tolerance(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["10", "%", "-5%", "ten%"])
def test_any_other_tolerance_is_refused(text):
    with pytest.raises(ConfigError, match="--tolerance"):
        read_tolerance(text)


def test_only_reports_of_one_suite_are_compared():
    found = compared(document_of("e2e", 1.5), document_of("e2e", 1.0), 0.10)
    assert [(item.key, item.share) for item in found.slower] == [("stack_cpu", 0.5)]
    with pytest.raises(ConfigError, match="lf bench ingest"):
        compared(document_of("e2e", 1.5), document_of("ingest", 1.0), 0.10)


def test_an_earlier_report_is_read_or_refused(tmp_path):
    path = tmp_path / "before.json"
    with pytest.raises(ConfigError, match="No such file"):
        read_document(path)
    path.write_bytes(b'{"suite":"none"}')
    with pytest.raises(ConfigError, match=r"no lf.bench/1"):
        read_document(path)
    path.write_bytes(msgspec.json.encode(document_of("e2e", 1.0)))
    assert read_document(path) == document_of("e2e", 1.0)
