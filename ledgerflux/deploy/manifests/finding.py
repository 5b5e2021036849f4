"""What is wrong with an object, and where in it."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes:
        rule: The rule that it breaks, in one or two words.
        object: Kind and name, such as `StatefulSet/normalize`.
        path: The field, such as `spec.selector`.
        problem: What is wrong, in a few words.
    """

    rule: str
    object: str
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.object} {self.path}: {self.problem} ({self.rule})"
