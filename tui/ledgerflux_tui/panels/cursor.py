"""A chosen row of a list, and the part of the list around it. Pure."""


class Cursor:
    """Which of `count` rows is chosen, and the first one shown; moves within bounds."""

    def __init__(self) -> None:
        self.at = 0
        self.top = 0
        self.count = 0
        self.height = 1

    def fit(self, count: int, height: int) -> range:
        """Return the rows to show of `count`, so that the chosen one is among them."""
        self.count, self.height = count, max(1, height)
        self.at = max(0, min(self.at, count - 1))
        self.top = max(0, min(self.top, count - self.height))
        if self.at < self.top:
            self.top = self.at
        elif self.at >= self.top + self.height:
            self.top = self.at - self.height + 1
        return range(self.top, min(count, self.top + self.height))

    def move(self, step: int) -> None:
        """Go so many rows down, or up."""
        self.at = max(0, min(self.at + step, self.count - 1))

    def move_to(self, row: int) -> None:
        """Choose a row, counted from the first shown."""
        if 0 <= row < self.height:
            self.at = max(0, min(self.top + row, self.count - 1))
