"""`lf doctor` without its terminal: what a stack needs of this machine, looked at one by one."""

from typing import Literal, NamedTuple

Result = Literal["PASS", "WARN", "FAIL", "SKIP"]


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: What.
        result: FAIL where a stack can't work, WARN where something is less than it could be.
        finding: What was found, in a few words.
        fix: A command that mends it, or what to do; empty where nothing is to be done.
    """

    name: str
    result: Result
    finding: str
    fix: str = ""
