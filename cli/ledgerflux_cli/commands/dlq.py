"""`lf dlq`: what was refused, and why."""

import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import say, write, write_json

if TYPE_CHECKING:
    from ledgerflux.stack.dead_letters import Letter

LIST_SCHEMA = "lf.dlq/1"
LETTER_SCHEMA = "lf.dlq-letter/1"
FORMATS = ("text", "hex", "raw", "json")
TERMINAL_BYTES_MAX = 4096

dlq = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@dlq.callback()
@examples("lf dlq ls --reason malformed", "lf dlq show 17", "lf dlq show 17 -o raw > frame.bin")
def group() -> None:
    """Show what was refused, and why: the records of MD_DLQ."""


@dlq.command("ls")
@examples("lf dlq ls", "lf dlq ls --product BTC-USD --limit 5", "lf dlq ls --json")
def ls(
    product: Annotated[
        str | None,
        typer.Option("--product", metavar="ID", help="Of its partition, not of another product."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="WORD", help="Only with this reason.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="The newest N.")
    ] = 50,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List refused frames and rows, the newest last."""
    from ledgerflux.stack.dead_letters import Query, find_letters

    query = Query(_product(product), _reason(reason), limit)
    found = find_letters(run_dir_of(data_dir), query)
    if as_json:
        letters = [letter_document(letter) for letter in found.letters]
        write_json({"schema": LIST_SCHEMA, "held": found.held, "letters": letters})
        return
    if not found.letters:
        say("nothing was refused" if not found.held else f"none of {found.held:,} is of this kind")
        return
    _write_table(found.letters)
    if len(found.letters) < found.held:
        say(f"{len(found.letters):,} of {found.held:,}")


@dlq.command()
@examples("lf dlq show 17", "lf dlq show 17 -o hex", "lf dlq show 17 -o raw > frame.bin")
def show(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `lf dlq ls` names it.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="|".join(FORMATS), help="How to print it.")
    ] = "text",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print one refused frame or row: why, where it stands, its bytes.

    On a terminal the bytes end after 4 KiB; with -o raw they are exactly as they came.
    """
    from ledgerflux.stack.dead_letters import get_letter

    if output not in FORMATS:
        raise typer.BadParameter(f"--output: {output!r} is none of {', '.join(FORMATS)}")
    letter = get_letter(run_dir_of(data_dir), number)
    if as_json or output == "json":
        write_json({"schema": LETTER_SCHEMA, **letter_document(letter)})
    elif output == "raw":
        sys.stdout.buffer.write(letter.content)
        sys.stdout.buffer.flush()
    else:
        _write_letter(letter, as_hex=output == "hex")


def letter_document(letter: "Letter") -> dict[str, Any]:
    """Return the JSON of one letter; its bytes as text where they are UTF-8, and in base64."""
    from base64 import b64encode

    from ledgerflux.model.units import rfc3339
    from ledgerflux_cli.bytes_view import is_text

    head, content = letter.head, letter.content
    return {
        "id": letter.number,
        "venue": head.venue,
        "partition": head.partition,
        "reason": head.reason,
        "detail": head.detail,
        "raw_number": head.raw_number,
        "frame": head.frame,
        "norm_number": head.norm_number,
        "table": head.table,
        "ts_receive": rfc3339(head.receive_ns) if head.receive_ns else None,
        "bytes": letter.size,
        "complete": len(content) == letter.size,
        "text": content.decode() if is_text(content) else None,
        "base64": b64encode(content).decode(),
    }


def _product(text: str | None) -> str | None:
    from ledgerflux.model.product import is_product_id

    if text is None or is_product_id(text.upper()):
        return None if text is None else text.upper()
    raise typer.BadParameter(f"--product: {text!r} is no product id such as BTC-USD")


def _reason(text: str | None) -> str | None:
    if text is None or text.replace("_", "").isalnum():
        return text
    raise typer.BadParameter(f"--reason: {text!r} is no reason such as malformed")


def _where(letter: "Letter") -> str:
    """Return where the refused thing stands in the log."""
    head = letter.head
    if head.table is not None:
        return f"{head.table} of NORM {head.norm_number}"
    return "-" if head.raw_number is None else f"RAW {head.raw_number}/{head.frame}"


def _write_table(letters: "list[Letter]") -> None:
    from ledgerflux.model.units import rfc3339
    from ledgerflux.telemetry.log_lines import printable
    from ledgerflux_cli.bytes_view import one_line
    from ledgerflux_cli.output import write_lines
    from ledgerflux_tui.lines import Column, Segment, table

    columns = (
        Column("ID", right=True),
        Column("RECEIVED", rank=3),
        Column("PART", right=True, rank=2),
        Column("RECORD", rank=4),
        Column("REASON"),
        Column("BYTES", right=True, rank=1),
        Column("DETAIL"),
    )
    rows: list[list[Segment]] = []
    for letter in letters:
        head = letter.head
        rows.append(
            [
                (str(letter.number), "head"),
                (rfc3339(head.receive_ns)[:23] if head.receive_ns else "-", "dim"),
                (f"{head.partition:02d}", "dim"),
                (_where(letter), "dim"),
                (printable(head.reason), "warn"),
                (f"{letter.size:,}", "plain"),
                (one_line(head.detail.encode(errors="replace"), 200), "plain"),
            ]
        )
    width = max(shutil.get_terminal_size((120, 40)).columns, 60)
    write_lines(table(columns, rows, width))


def _write_letter(letter: "Letter", *, as_hex: bool) -> None:
    from ledgerflux.model.units import rfc3339
    from ledgerflux.telemetry.log_lines import printable
    from ledgerflux_cli.bytes_view import hex_lines, is_text, text_lines

    head = letter.head
    received = rfc3339(head.receive_ns) if head.receive_ns else "not known"
    write(f"letter     {letter.number}")
    write(f"reason     {printable(head.reason)}: {printable(head.detail)}")
    write(f"venue      {printable(head.venue)}, partition {head.partition:02d}, {_where(letter)}")
    write(f"received   {received}")
    write(f"bytes      {letter.size:,}{'' if is_text(letter.content) else ', no UTF-8 text'}")
    write()
    shown = letter.content[:TERMINAL_BYTES_MAX] if sys.stdout.isatty() else letter.content
    for line in hex_lines(shown) if as_hex else text_lines(shown):
        write(line)
    if len(shown) < letter.size:
        say(f"… {letter.size - len(shown):,} bytes more: lf dlq show {letter.number} -o raw")
