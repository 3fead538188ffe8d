"""What can keep the stack from working, as one kind of error: what is wrong, and what to do about it."""


class StackError(Exception):
    """The stack cannot go on; `mend` tells the user what to do."""

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend

    def __str__(self) -> str:
        """Problem and mend, for a terminal."""
        return f"{self.problem}\n  {self.mend}" if self.mend else self.problem


class NotRunningError(StackError):
    """No stack runs in this home."""

    def __init__(self, home: object) -> None:
        super().__init__(f"no stack runs in {home}", "start it with: ordermill up")


class PortTakenError(StackError):
    """A port that was asked for by name is in use."""

    def __init__(self, name: str, port: int, holder: str) -> None:
        super().__init__(
            f"port {port}, asked for {name}, is in use by {holder}",
            f"stop that, name another one, or leave {name}'s port to Ordermill",
        )
        self.port = port


class AlreadyRunningError(StackError):
    """A process of this name lives already."""

    def __init__(self, name: str, pid: int) -> None:
        super().__init__(f"{name} runs already, as process {pid}", "stop it first, or use it as it is")
        self.pid = pid
