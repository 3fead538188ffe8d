"""The kind of error that the command line tells the user in words: what is wrong, and what to do about it."""


class CommandError(Exception):
    """A command cannot do what was asked; `mend` tells the user what to do."""

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend

    def __str__(self) -> str:
        """Problem and mend, for a terminal."""
        return f"{self.problem}\n  {self.mend}" if self.mend else self.problem
