"""Templates and what every page has: who looks, where to go, which theme."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.console.core import wording
from services.console.core.roles import Role
from services.console.store.sessions import Session

ROOM: Final = Path(__file__).parents[1]
STATIC: Final = ROOM / "static"
THEMES: Final = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the navigation leads to."""

    name: str
    path: str
    title: str
    role: Role = Role.VIEWER


PLACES: Final = (
    Place("flow", "/", "Flow"),
    Place("orders", "/orders", "Orders"),
    Place("dead-letters", "/dead-letters", "Dead letters"),
    Place("stock", "/stock", "Stock"),
    Place("money", "/money", "Money"),
    Place("figures", "/figures", "Figures"),
    Place("topics", "/topics", "Topics"),
    Place("health", "/health", "Health"),
    Place("accounts", "/accounts", "Accounts", Role.ADMIN),
)


def _fingerprint() -> str:
    """Tell one set of static files from another, so that browsers may keep each for ever."""
    contents = sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            contents.update(path.read_bytes())
    return contents.hexdigest()[:12]


FINGERPRINT: Final = _fingerprint()


def static(name: str) -> str:
    """Give the address of a static file."""
    return f"/static/{FINGERPRINT}/{name}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(wording.FILTERS)
    environment.globals.update(static=static, Role=Role)
    return environment


TEMPLATES: Final = _environment()


def fragment(template: str, facts: Mapping[str, object]) -> str:
    """Render a part of a page that looks the same to everybody."""
    return TEMPLATES.get_template(template).render(facts)


def page(
    request: Request, template: str, place: str, facts: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK
) -> HTMLResponse:
    """Render a page for whoever asks."""
    return HTMLResponse(fragment(template, {**_common(request, place), **facts}), status)


def _common(request: Request, place: str) -> Mapping[str, Any]:
    session: Session | None = request.scope.get("session")
    places = [each for each in PLACES if session and session.role.includes(each.role)]
    theme = request.cookies.get("theme", "auto")
    return {
        "place": place,
        "places": places,
        "session": session,
        "theme": theme if theme in THEMES else "auto",
        "is_operator": session is not None and session.role.includes(Role.OPERATOR),
    }
