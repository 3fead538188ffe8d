"""The other processes as they tell about themselves over HTTP: /ready and /metrics, asked all at once and briefly."""

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from services.console.core.instances import Instance, told

ASK_LIMIT_S: Final = 2.0
PATIENCE_S: Final = 10.0  # a process that was well so long ago and only does not answer at once is busy, not gone
RESOLVE_LIMIT_S: Final = 1.0


class Neighbours:
    """Everybody whose address was set; a name that stands for several machines is asked at each."""

    def __init__(self, services: Mapping[str, Sequence[str]]) -> None:
        self._services = services
        self._session: aiohttp.ClientSession | None = None  # opens with the first question
        self._well: dict[tuple[str, str], tuple[Instance, float]] = {}

    @property
    def names(self) -> list[str]:
        """Who is asked."""
        return list(self._services)

    async def instances(self) -> list[Instance]:
        """Ask everybody."""
        self._session = self._session or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_LIMIT_S))
        asked = [self._of(self._session, service, url) for service, urls in self._services.items() for url in urls]
        return [instance for found in await asyncio.gather(*asked) for instance in found]

    async def close(self) -> None:
        """Disconnect."""
        if self._session:
            await self._session.close()

    async def _of(self, session: aiohttp.ClientSession, service: str, url: str) -> list[Instance]:
        address = URL(url)
        hosts = await _addresses(address.host or "", address.port or 80)
        if not hosts:
            return [_lost(service, address.authority, "name unknown")]
        return await asyncio.gather(*[self._ask(session, service, address.with_host(host)) for host in hosts])

    async def _ask(self, session: aiohttp.ClientSession, service: str, address: URL) -> Instance:
        name = address.authority
        try:
            (status, words), (_, metrics) = await asyncio.gather(
                _get(session, address / "ready"), _get(session, address / "metrics")
            )
        except TimeoutError:
            instance, then = self._well.get((service, name), (None, 0.0))
            is_busy = instance is not None and time.monotonic() - then < PATIENCE_S
            return instance if instance and is_busy else _lost(service, name, "silent")
        except aiohttp.ClientError:
            return _lost(service, name, "unreachable")
        trouble = "" if status == HTTPStatus.OK else words.strip()[:200] or "not ready"
        instance = told(service, name, trouble, metrics)
        self._well[service, name] = instance, time.monotonic()
        return instance


async def _get(session: aiohttp.ClientSession, address: URL) -> tuple[int, str]:
    async with session.get(address, allow_redirects=False) as response:
        return response.status, await response.text(errors="replace")


def _lost(service: str, name: str, trouble: str) -> Instance:
    return Instance(service=service, address=name, is_ready=False, trouble=trouble)


async def _addresses(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_LIMIT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return []
    return sorted({str(address[0]) for *_, address in found})
