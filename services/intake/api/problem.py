"""What the edge answers when it does not accept: RFC 9457 problem details, which never repeat what was sent."""

from http import HTTPStatus
from typing import Final

from pydantic import ValidationError
from starlette.responses import JSONResponse

_FAULTS_MAX: Final = 50


class RefusedError(Exception):
    """The edge does not accept a request: a status, a code for machines, and what may help to mend it."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str = "", faults: tuple[dict[str, str], ...] = ()
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.faults = status, code, detail, faults

    def response(self) -> JSONResponse:
        """Write it."""
        return problem(self.status, self.code, self.detail, self.faults)


_HEADERS: Final = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "StandardWebhooks"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "1"},
    # The rest of such a request may still be on its way: nothing can follow it.
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"Connection": "close"},
    HTTPStatus.REQUEST_TIMEOUT: {"Connection": "close"},
}


def problem(status: HTTPStatus, code: str, detail: str = "", faults: tuple[dict[str, str], ...] = ()) -> JSONResponse:
    """Write problem details with the headers that belong to the status."""
    content: dict[str, object] = {"type": f"urn:ordermill:problem:{code}", "title": status.phrase, "status": status}
    if detail:
        content["detail"] = detail
    if faults:
        content["faults"] = faults
    headers = {"Cache-Control": "no-store", **_HEADERS.get(status, {})}
    return JSONResponse(content, status, headers=headers, media_type="application/problem+json")


def faults_of(error: ValidationError) -> tuple[dict[str, str], ...]:
    """Name where a body breaks the schema and which rule it breaks, not what stood there."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return tuple(
        {"pointer": "/" + "/".join(map(str, fault["loc"])), "code": fault["type"]} for fault in found[:_FAULTS_MAX]
    )
