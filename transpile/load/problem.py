"""What is wrong with a rule or its file, ready to be shown."""

from __future__ import annotations

from enum import Enum

from transpile.values import dataclass


class Severity(str, Enum):
    """What a problem costs."""

    ERROR = "error"
    """the rule is not converted"""
    WARNING = "warning"
    """the rule is converted all the same"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem and its place.

    `code` names the diagnostic (each has a page in the docs). `line` and `column` count from 1
    and are None where the problem is the whole file's; `excerpt` is that line of the file.
    """

    code: str
    message: str
    path: str
    line: int | None = None
    column: int | None = None
    hint: str = ""
    excerpt: str = ""
    severity: Severity = Severity.ERROR


class ProblemFound(Exception):
    """Carries a problem from where it is found to the one who collects them."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
