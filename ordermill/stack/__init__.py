"""The embedded stack: Apache Kafka and PostgreSQL as they are, on loopback ports, without Docker.

`up` starts or joins the stack of a home and returns a `Stack`, `down` stops it, `status` tells what runs, `current`
is the running one. `errors.StackError` says what is wrong and what to do. Blocking: from a coroutine, call them in a
thread.
"""

from ordermill.stack.errors import AlreadyRunningError, NotRunningError, PortTakenError, StackError
from ordermill.stack.home import Home, Progress
from ordermill.stack.process import Process
from ordermill.stack.stack import Options, Stack, Status, current, down, is_elsewhere, status, up

__all__ = [
    "AlreadyRunningError",
    "Home",
    "NotRunningError",
    "Options",
    "PortTakenError",
    "Process",
    "Progress",
    "Stack",
    "StackError",
    "Status",
    "current",
    "down",
    "is_elsewhere",
    "status",
    "up",
]
