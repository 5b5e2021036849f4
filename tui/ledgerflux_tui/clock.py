"""How often the screens are painted: as often as asked, less where that takes too long. Pure."""

from math import ceil

WORK_MAX_S = 0.020
"""A tick that takes longer makes keys wait."""
WAIT_MIN_S = 0.005
"""Keys and messages have their turn between two frames."""
OVER_MAX = 3
"""So many such ticks in a row lower the pace."""
CALM_S = 10.0
"""So long without one raises it again."""
_DIVISORS = (1, 2, 5)


class Pace:
    """The frames a second that are held now: those asked for, half, or a fifth of them."""

    def __init__(self, asked: float) -> None:
        self.asked = asked
        self._step = 0
        self._over = 0
        self._calm_s = 0.0

    @property
    def fps(self) -> float:
        """Return the frames a second to make now, at least one."""
        return max(1.0, self.asked / _DIVISORS[self._step])

    def worked(self, seconds: float) -> None:
        """One tick took `seconds` in all."""
        if seconds > WORK_MAX_S:
            self._over += 1
            self._calm_s = 0.0
        else:
            self._over = 0
            self._calm_s += 1 / self.fps
        if self._over >= OVER_MAX and self._step < len(_DIVISORS) - 1:
            self._step += 1
            self._over = 0
        elif self._calm_s >= CALM_S and self._step > 0:
            self._step -= 1
            self._calm_s = 0.0


class Beat:
    """When the next frame is due: on a grid, so that one that comes late delays no other."""

    def __init__(self) -> None:
        self._due_s = 0.0

    def wait_s(self, now_s: float, fps: float) -> float:
        """Return the seconds until the next frame; what was missed is left out."""
        self._due_s += 1 / fps
        if self._due_s <= now_s:
            self._due_s = now_s + WAIT_MIN_S
        return max(WAIT_MIN_S, min(self._due_s - now_s, 1 / fps))


def is_due(tick: int, fps: float, hz: float) -> bool:
    """Say whether what is to be painted `hz` times a second is so at this tick of `fps` ones."""
    return tick % max(1, ceil(fps / hz)) == 0
