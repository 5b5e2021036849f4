"""The report as people read it: lines for the terminal, a page for `docs/benchmarks.md`."""

from collections.abc import Sequence

from ledgerflux.bench.evaluate import Document, Machine, Row, Slower

_MARKS = {
    "aim": "ok, aim",
    "met": "ok",
    "missed": "MISSED",
    "reported": "reported",
    "doubtful": "in doubt",
    "not measured": "not measured",
}
HEAD = """# Benchmarks

Made by `just bench` out of the JSON of `lf bench`; no number is written by hand. A figure is in
doubt where the machine was disturbed while it was taken: it says then what was seen, and proves
nothing. What each must is for stands in `ledgerflux/bench/musts.py`.
"""


def lines(document: Document) -> list[str]:
    """Return the report for a terminal, a line each."""
    texts = [_machine(document.machine), ""]
    width = max((len(row.text) for row in document.rows), default=0)
    for row in document.rows:
        texts.append(
            f"{_MARKS[row.outcome]:13}{row.text:{width}}  {figure(row.value):>9} {row.unit}"
            f"   must {figure(row.must)}, aim {figure(row.aim)}"
        )
        texts.append(f"{'':13}{row.conditions}")
        if row.doubt:
            texts.append(f"{'':13}doubt: {row.doubt}")
    texts += [_slower(item) for item in document.slower]
    return texts


def page(documents: Sequence[Document], earlier: Sequence[Document] = ()) -> str:
    """Return the Markdown page of `documents`, beside the figures of `earlier` ones."""
    before = {row.key: row.value for document in earlier for row in document.rows}
    parts = [HEAD]
    for document in documents:
        parts.append(f"\n## lf bench {document.suite}\n\n{_machine(document.machine)}\n\n")
        parts.append("| what | must | aim | before | measured | | conditions |\n")
        parts.append("| --- | ---: | ---: | ---: | ---: | --- | --- |\n")
        parts += [_table_row(row, before.get(row.key)) for row in document.rows]
    if earlier:
        commits = ", ".join(sorted({document.machine.commit for document in earlier}))
        parts.append(f"\n*Before* is commit {commits}, on the machine of its own report.\n")
    return "".join(parts)


def _table_row(row: Row, before: float | None) -> str:
    told = f"{row.conditions}; in doubt: {row.doubt}" if row.doubt else row.conditions
    cells = (
        row.text,
        f"{figure(row.must)} {row.unit}" if row.must is not None else "",
        figure(row.aim) if row.aim is not None else "",
        figure(before) if before is not None else "",
        f"{figure(row.value)} {row.unit}",
        _MARKS[row.outcome],
        told.replace("|", "/"),
    )
    return f"| {' | '.join(cells)} |\n"


def _machine(machine: Machine) -> str:
    memory = machine.memory_bytes / 2**30
    return (
        f"{machine.time}, commit {machine.commit}, version {machine.version}: "
        f"{machine.cores} cores of {machine.cpu}, {memory:.0f} GB, {machine.system}, "
        f"Python {machine.python}; other programs used {machine.others_cores:.2f} cores."
    )


def _slower(item: Slower) -> str:
    return (
        f"SLOWER       {item.key}: {figure(item.now)}, before {figure(item.before)}: "
        f"{item.share:.0%} worse"
    )


def figure(value: float | None) -> str:
    """Return `value` with three digits that count, `-` where there is none."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
