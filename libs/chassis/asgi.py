"""HTTP in, for the processes that are asked: their sockets, how uvicorn runs them, and a clean end."""

import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol

import uvicorn

KEEP_ALIVE_S: Final = 30
BACKLOG: Final = 512


class ServingSettings(Protocol):
    """What an operator sets about a process that serves HTTP."""

    @property
    def trusted_proxies(self) -> Sequence[str]: ...
    @property
    def shutdown_grace_s(self) -> float: ...


def listen(host: str, port: int) -> socket.socket:
    """Open a socket; port 0 takes a free one."""
    return socket.create_server((host, port), backlog=BACKLOG)


def end_cleanly() -> None:
    """Exit 0 on SIGTERM and SIGINT: once it has drained, uvicorn sends itself the signal again."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))


def configuration(app: Any, settings: ServingSettings, **own: Any) -> uvicorn.Config:
    """Set what uvicorn leaves open: who may speak for others, how long, and that it says nothing of itself."""
    return uvicorn.Config(
        app,
        ws="none",
        loop="uvloop",
        log_config=None,
        log_level="error",  # its warnings are one a request of whoever sends what is no HTTP, without end
        access_log=False,
        server_header=False,
        # From loopback uvicorn believes X-Forwarded-For unless told otherwise.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.shutdown_grace_s),
        **own,
    )
