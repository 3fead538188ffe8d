"""The edge's OpenAPI document, made from the models that it reads with, so that it cannot say anything else."""

from functools import cache
from http import HTTPStatus
from typing import Any, Final

from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from contracts.channel import CancellationRequested, OrderPlaced

Document = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/{model}"
_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: "No unambiguous JSON, no HTTP of ours, or an unknown host.",
    HTTPStatus.UNAUTHORIZED: "Not proven to come from the channel that it names, or not of now.",
    HTTPStatus.FORBIDDEN: "The body names a channel that is not the signer.",
    HTTPStatus.REQUEST_TIMEOUT: "The body came too slowly.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Uncompressed application/json in UTF-8 only.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "JSON, but none of this kind; `faults` says where and why.",
    HTTPStatus.TOO_MANY_REQUESTS: "More requests than the channel may send in a second.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large.",
    HTTPStatus.SERVICE_UNAVAILABLE: "May or may not be taken: send the same again.",
}
_HEADERS: Final = {
    "webhook-id": ("The sender's id of the message, the same whenever it is sent.", r"^[A-Za-z0-9_-]{1,128}$"),
    "webhook-timestamp": ("Seconds since 1970, at most 300 from now.", r"^[0-9]{1,11}$"),
    "ordermill-channel": ("Who sends.", r"^[a-z0-9_-]{1,64}$"),
}
_PROBLEM: Final[Document] = {
    "description": "Problem details (RFC 9457); they never repeat what was sent.",
    "type": "object",
    "required": ["type", "title", "status"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "pattern": "^urn:ordermill:problem:[a-z0-9_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "additionalProperties": False,
                "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}
_ACCEPTED: Final[Document] = {
    "type": "object",
    "required": ["order_id", "message_id"],
    "additionalProperties": False,
    "properties": {"order_id": {"type": "string", "format": "uuid"}, "message_id": {"type": "string"}},
}


@cache
def document() -> bytes:
    """Write the whole document."""
    return to_json(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Ordermill's edge",
                "version": "1",
                "description": "What an order means is decided behind a topic and told to its channel there.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "paths": {
                "/v1/orders": {"post": _post("OrderPlaced", "Place an order.")},
                "/v1/cancellations": {"post": _post("CancellationRequested", "Ask for units back.")},
                "/live": {"get": {"summary": "Whether the process lives.", "responses": {"200": _text("It does.")}}},
                "/ready": {"get": {"summary": "Whether it takes messages.", "responses": _readiness()}},
                "/openapi.json": {"get": {"summary": "This document.", "responses": {"200": _itself()}}},
            },
            "components": {"schemas": _schemas(), "securitySchemes": {"signature": _signature()}},
        }
    )


def _post(kind: str, summary: str) -> Document:
    accepted = {"description": "The log has it.", "content": {"application/json": {"schema": _ref("Accepted")}}}
    return {
        "operationId": kind,
        "summary": summary,
        "security": [{"signature": []}],
        "parameters": [_header(name, *told) for name, told in _HEADERS.items()],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(kind)}}},
        "responses": {"202": accepted} | {str(int(status)): _refusal(told) for status, told in _REFUSALS.items()},
    }


def _header(name: str, told: str, pattern: str) -> Document:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": True, "description": told, "schema": schema}


def _signature() -> Document:
    told = "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, up to eight of them."
    return {"type": "apiKey", "in": "header", "name": "webhook-signature", "description": told}


def _refusal(told: str) -> Document:
    return {"description": told, "content": {"application/problem+json": {"schema": _ref("Problem")}}}


def _readiness() -> Document:
    return {"200": _text("It does."), "503": _refusal("The log cannot be reached.")}


def _text(told: str) -> Document:
    return {"description": told, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _itself() -> Document:
    return {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}


def _ref(name: str) -> Document:
    return {"$ref": _REFERENCE.format(model=name)}


def _schemas() -> Document:
    _, schemas = models_json_schema(
        [(OrderPlaced, "validation"), (CancellationRequested, "validation")], ref_template=_REFERENCE
    )
    definitions: Document = schemas["$defs"]
    return definitions | {"Problem": _PROBLEM, "Accepted": _ACCEPTED}
