"""The other processes as they tell about themselves over HTTP: /ready and /metrics, asked all at once and briefly."""

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from services.console.core.instances import Instance, told

ASK_LIMIT_S: Final = 2.0
PATIENCE_S: Final = 10.0  # a process that was well so long ago and only does not answer at once is busy, not gone
RESOLVE_LIMIT_S: Final = 1.0


class Neighbours:
    """Everybody whose address was set; a name that stands for several machines is asked at each."""

    def __init__(self, services: Mapping[str, Sequence[str]]) -> None:
        self._services = services
        self._client = httpx.AsyncClient(timeout=ASK_LIMIT_S, trust_env=False)
        self._well: dict[tuple[str, str], tuple[Instance, float]] = {}

    @property
    def names(self) -> list[str]:
        """Who is asked."""
        return list(self._services)

    async def instances(self) -> list[Instance]:
        """Ask everybody."""
        asked = [self._of(service, url) for service, urls in self._services.items() for url in urls]
        return [instance for found in await asyncio.gather(*asked) for instance in found]

    async def close(self) -> None:
        """Disconnect."""
        await self._client.aclose()

    async def _of(self, service: str, url: str) -> list[Instance]:
        address = httpx.URL(url)
        hosts = await _addresses(address.host, address.port or 80)
        if not hosts:
            return [Instance(service=service, address=address.netloc.decode(), is_ready=False, trouble="name unknown")]
        return await asyncio.gather(*[self._ask(service, address.copy_with(host=host)) for host in hosts])

    async def _ask(self, service: str, address: httpx.URL) -> Instance:
        name = address.netloc.decode()
        try:
            ready, metrics = await asyncio.gather(
                self._client.get(address.join("/ready")), self._client.get(address.join("/metrics"))
            )
        except httpx.TimeoutException:
            instance, then = self._well.get((service, name), (None, 0.0))
            is_busy = instance is not None and time.monotonic() - then < PATIENCE_S
            return instance if instance and is_busy else _lost(service, name, "silent")
        except httpx.HTTPError:
            return _lost(service, name, "unreachable")
        trouble = "" if ready.is_success else ready.text.strip()[:200] or "not ready"
        instance = told(service, name, trouble, metrics.text)
        self._well[service, name] = instance, time.monotonic()
        return instance


def _lost(service: str, name: str, trouble: str) -> Instance:
    return Instance(service=service, address=name, is_ready=False, trouble=trouble)


async def _addresses(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_LIMIT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return []
    return sorted({str(address[0]) for *_, address in found})
