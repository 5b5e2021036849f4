import msgspec
import pytest

from ledgerflux.bench.evaluate import Document, Machine, Measured, Slower, judge
from ledgerflux.bench.page import figure, lines, page

MACHINE = Machine("A chip", 2, 8 * 2**30, "Linux", "3.11.7", "0.1.0", "abc1234", "2026-11-22", 0.1)


def document_of(value, **more):
    measured = [
        Measured("normalize_advanced", value, "recording day.lfr"),
        Measured("stack_cpu", 2.0, "made | frames", "others used 1.2 cores"),
        Measured("against_ccxt", None, "ccxt", "not installed"),
    ]
    return Document("normalize", MACHINE, judge(measured), **more)


def test_the_lines_name_machine_figure_must_conditions_and_doubt():
    slower = [Slower("normalize_advanced", 60_000.0, 50_000.0, 0.1667)]
    text = "\n".join(lines(document_of(50_000.0, slower=slower)))
    for part in (
        "2 cores of A chip",
        "abc1234",
        "50,000 frames/core-s   must 45,000, aim 75,000",
        "recording day.lfr",
        "doubt: others used 1.2 cores",
        "not measured",
        "SLOWER       normalize_advanced: 50,000, before 60,000: 17% worse",
    ):
        assert part in text


def test_the_page_has_a_table_of_before_and_after():
    earlier = [document_of(30_000.0)]
    text = page([document_of(50_000.0)], earlier)
    row = next(line for line in text.splitlines() if "recorded Advanced" in line)
    assert [cell.strip() for cell in row.split("|")[2:7]] == [
        "45,000 frames/core-s",
        "75,000",
        "30,000",
        "50,000 frames/core-s",
        "ok",
    ]
    assert "made / frames; in doubt: others used 1.2 cores" in text
    assert "*Before* is commit abc1234" in text
    assert "*Before*" not in page([document_of(1.0)])


def test_a_document_is_read_as_it_was_written():
    made = document_of(50_000.0)
    text = msgspec.json.encode(made)
    assert b'"schema":"lf.bench/1"' in text
    assert msgspec.json.decode(text, type=Document) == made


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (1234.5, "1,234"), (99.96, "100"), (0.1234, "0.123"), (2, "2")]
)
def test_figures_have_three_digits_that_count(value, text):
    assert figure(value) == text
