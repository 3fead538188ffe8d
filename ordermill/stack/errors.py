"""What can keep the stack from working."""

from ordermill.errors import CommandError


class StackError(CommandError):
    """The stack cannot go on."""


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
