"""Ports on the loopback: find a free one, and say who holds a taken one."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ordermill.stack.errors import PortTakenError, StackError

LOOPBACK = "127.0.0.1"
# Below the range from which the system takes a client's own port: a client that polls a port in that range can be
# given it, connect to itself, and so keep the server from ever binding it.
LOWEST, HIGHEST = 15000, 30000
TRIES = 200
CONNECT_TIMEOUT_S = 1.0
DYING_S, DYING_LOOK_S = 2.0, 0.05
LISTENING = "0A"


def is_free(port: int) -> bool:
    """Whether a server could bind the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something listens there."""
    with suppress(OSError), socket.create_connection((LOOPBACK, port), CONNECT_TIMEOUT_S):
        return True
    return False


def pick(taken: Iterable[int] = (), preferred: int | None = None) -> int:
    """A free port; last time's if it is still free, so that clients' settings stay true."""
    avoided = set(taken)
    if preferred and preferred not in avoided and _becomes_free(preferred):
        return preferred
    for _ in range(TRIES):
        port = random.randrange(LOWEST, HIGHEST)
        if port not in avoided and is_free(port):
            return port
    raise StackError(
        f"no free port between {LOWEST} and {HIGHEST} on {LOOPBACK}", "is the loopback interface up? `ordermill doctor`"
    )


def _becomes_free(port: int) -> bool:
    """Whether it is free, or soon: a killed server's leader is gone before its last thread lets go of the sockets."""
    deadline = time.monotonic() + DYING_S
    while not (free := is_free(port)) and time.monotonic() < deadline:
        time.sleep(DYING_LOOK_S)
    return free


def claim(name: str, port: int) -> int:
    """The port that was asked for by name, or who has it."""
    if not is_free(port):
        raise PortTakenError(name, port, holder(port))
    return port


def holder(port: int) -> str:
    """Who listens on the port, as far as we may see."""
    inodes = {f"socket:[{inode}]" for inode in listening_inodes(port)}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (entry / "fd").iterdir()):
                return f"{(entry / 'comm').read_text().strip()} (process {entry.name})"
    return "another program"


def listening_inodes(port: int) -> set[str]:
    """The kernel's numbers of the sockets that listen on the port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found
