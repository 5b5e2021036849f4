"""How the dashboard is started."""

from dataclasses import dataclass
from typing import Literal

FPS_MIN, FPS_MAX, FPS_DEFAULT = 1, 30, 10


@dataclass(frozen=True, slots=True)
class Options:
    """What a user chooses on the command line.

    Attributes:
        view: Name of the view to open with.
        fps: Frames a second to paint, 1 to 30.
        theme: Name of the theme to begin with.
        colours: Whether to draw with colours; False as NO_COLOR asks.
        ascii_only: Whether to draw with ASCII alone.
        mouse: Whether to take the mouse, which else selects text as ever.
        read_only: Whether what changes the stack is absent.
        clock: `free`: paint by the time; `hand`: when told to, as tests do.
    """

    view: str = "overview"
    fps: float = FPS_DEFAULT
    theme: str = "dark"
    colours: bool = True
    ascii_only: bool = False
    mouse: bool = True
    read_only: bool = False
    clock: Literal["free", "hand"] = "free"
