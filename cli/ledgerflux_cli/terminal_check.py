"""What `lf doctor` finds out about the terminal."""

import codecs
import shutil
from collections.abc import Mapping
from typing import TextIO

from ledgerflux.stack.doctor import Finding

WIDTH_MIN, HEIGHT_MIN = 80, 24
NAME = "terminal"


def terminal(stream: TextIO, environment: Mapping[str, str]) -> Finding:
    """Look whether the terminal shows our signs, colours, and enough of them."""
    if not stream.isatty():
        return Finding(NAME, "SKIP", "standard output is no terminal")
    encoding = stream.encoding or "ascii"
    if codecs.lookup(encoding).name != "utf-8":
        return Finding(NAME, "WARN", f"it speaks {encoding}, not UTF-8", "export LANG=C.UTF-8")
    size = shutil.get_terminal_size((WIDTH_MIN, HEIGHT_MIN))
    text = f"UTF-8, {_colours(environment)}, {size.columns}x{size.lines}"
    if size.columns < WIDTH_MIN or size.lines < HEIGHT_MIN:
        wanted = f"{WIDTH_MIN}x{HEIGHT_MIN}"
        return Finding(NAME, "WARN", text, f"make the window {wanted} or larger")
    return Finding(NAME, "PASS", text)


def _colours(environment: Mapping[str, str]) -> str:
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if term in ("", "dumb"):
        return f"no colours (TERM={term or 'unset'})"
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return "true colours"
    return "256 colours" if "256" in term else "16 colours"
