"""The message of a terminal that is too small."""

from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.frame import fit

Size = tuple[int, int]
WAY_OUT = "q quit   lf top --once for text"


def tiny_lines(
    size: Size, needed: Size, facts: Line, width: int, height: int, *, ascii_only: bool
) -> list[Line]:
    """Return the message as at most `height` lines: the facts stay longest.

    Args:
        size: Columns and lines there are.
        needed: Columns and lines that are needed.
        facts: What matters even now.
        width: Cells of a line.
        height: Lines.
        ascii_only: Marks that every terminal has.
    """
    there: Line = [(f"Terminal too small: {size[0]} x {size[1]}", "warn")]
    wanted: Line = [(f"Needed:             {needed[0]} x {needed[1]}", "plain")]
    way_out: Line = [(WAY_OUT, "dim")]
    lines = [facts, there, wanted, way_out][:height]
    above: list[Line] = [[] for _ in range(max(0, (height - len(lines)) // 2))]
    return above + [fit([(" ", "plain"), *line], width, ascii_only=ascii_only) for line in lines]
