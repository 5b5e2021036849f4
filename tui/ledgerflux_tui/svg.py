"""Screens as SVG files that load nothing from elsewhere."""

import re

FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
_FONT_FACES = re.compile(r"\s*@font-face\s*\{[^}]*\}")
_FAMILY = re.compile(r"font-family: Fira Code[^;]*;")


def selfcontained(svg: str) -> str:
    """Return an exported screen in the fonts of whoever looks at it, without any it would load."""
    return _FAMILY.sub(f"font-family: {FONTS};", _FONT_FACES.sub("", svg))
