"""Bytes that nobody vouches for, as text that is safe to show."""

HEX_ROW = 16


def is_text(content: bytes) -> bool:
    """Say whether `content` is UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def one_line(content: bytes, width: int) -> str:
    """Return the beginning of `content` in at most `width` characters, escapes for the rest."""
    from ledgerflux.telemetry.log_lines import printable

    text = printable(content[: 4 * width].decode(errors="backslashreplace"))
    return text if len(text) <= width else f"{text[: width - 1]}…"


def text_lines(content: bytes) -> list[str]:
    """Return `content` line by line, everything that could steer a terminal as escapes."""
    from ledgerflux.telemetry.log_lines import printable

    return [printable(line) for line in content.decode(errors="backslashreplace").split("\n")]


def hex_lines(content: bytes, start: int = 0) -> list[str]:
    """Return `content` as offset, sixteen bytes in hex, and their ASCII."""
    return [
        f"{start + at:08x}  {content[at : at + HEX_ROW].hex(' '):<{3 * HEX_ROW - 1}}  "
        + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in content[at : at + HEX_ROW])
        for at in range(0, len(content), HEX_ROW)
    ]
