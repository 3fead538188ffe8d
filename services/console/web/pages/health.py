"""Health: every process of every service with its version, troubles and what it takes of the machine."""

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.console.core.audit import audit_of
from services.console.core.instances import together
from services.console.store import audit
from services.console.web.desk import Desk
from services.console.web.live import Part
from services.console.web.rendering import fragment, page
from services.console.web.watch import Watch

PATH: Final = "/health"


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the page."""

    async def show(request: Request) -> Response:
        return page(request, "health.html", "health", _facts(desk.watch))

    async def show_laws(request: Request) -> Response:
        return page(request, "laws.html", "health", await _laws(desk))

    return [Route(PATH, show), Route(f"{PATH}/laws", show_laws)]


def live(desk: Desk) -> Part:
    """Give the live part."""

    async def make(_argument: str) -> str:
        return fragment("parts/health.html", _facts(desk.watch))

    return make


def live_laws(desk: Desk) -> Part:
    """Give the live part of the laws."""

    async def make(_argument: str) -> str:
        return fragment("parts/laws.html", await _laws(desk))

    return make


async def _laws(desk: Desk) -> dict[str, object]:
    found = audit_of(await audit.last_report(desk.source))
    return {"audit": found, "now": datetime.now(UTC), "tab": "laws"}


def _facts(watch: Watch) -> dict[str, object]:
    snapshot = watch.snapshot
    services = [together(name, snapshot.instances) for name in watch.handled]
    instances = sorted(snapshot.instances, key=lambda each: (each.service, each.address))
    return {
        "instances": instances,
        "services": services,
        "unwell": sum(not each.is_ready for each in instances),
        "dead": sum(service.dead for service in services),
        "waits": sum(service.waits for service in services),
        "lag": sum(sum(snapshot.lag(name).values()) for name in watch.handled),
        "at": snapshot.at,
        "tab": "processes",
        "trouble": snapshot.trouble,
    }
