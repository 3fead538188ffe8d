"""The edge's OpenAPI document says what the edge does: asked whatever the document allows and forbids, it obeys it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from starlette.routing import Route

from services.intake.api import app
from services.intake.api.document import document
from tests.unit.intake.door import Door, FakePublisher, body_of, code_of, door_of, signed

DOCUMENT = json.loads(document())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ORDERS, CANCELLATIONS = "/v1/orders", "/v1/cancellations"
AnyCase = Case[Any]
# Beyond what JSON Schema can say: 96.0 is an integer there, and a day has no bounds.
# (A list is also too short when what it holds is refused.)
UNSAID = {"int_type", "greater_than_equal", "less_than_equal", "too_short"}
# What is taken is judged here, where a body too large is refused as well; and signatures hold, as none made up does.
OURS: list[Any] = CHECKS.get_by_names(["positive_data_acceptance", "negative_data_rejection", "ignored_auth"])
# Whole orders take half a second to make up.
few = settings(
    max_examples=8,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
)
many = settings(few, max_examples=30)


class Asked:
    """The edge, asked from a test that is not asynchronous."""

    def __init__(self, runner: asyncio.Runner, door: Door) -> None:
        self.runner, self.door = runner, door
        self.faults: set[str] = set()

    def send(self, case: "Case[Any]", *, is_signed: bool = True) -> int:
        """Send it, hold the answer to the document, and give its status."""
        request = case.as_transport_kwargs(base_url="http://edge")
        body = json.dumps(request["json"]).encode() if "json" in request else request.get("data") or b""
        headers = {**request["headers"]}
        if is_signed:
            headers |= signed(body) | {"ordermill-channel": "web"}
        response = self.runner.run(self.door.client.post(case.path, content=body, headers=headers))
        case.validate_response(response, excluded_checks=OURS)
        if response.status_code == 422:
            self.faults = {fault["code"] for fault in response.json()["faults"]}
        return response.status_code


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with asyncio.Runner() as runner:
        yield Asked(runner, door_of(FakePublisher(), rate_per_s=1e9))


def cases(path: str, mode: GenerationMode) -> st.SearchStrategy[AnyCase]:
    return SCHEMA[path]["POST"].as_strategy(generation_mode=mode)


def is_taken(asked: Asked, case: AnyCase) -> bool:
    assert isinstance(case.body, dict)
    case.body["channel"] = "web"
    return asked.send(case) == 202 or asked.faults <= UNSAID


@given(case=cases(ORDERS, GenerationMode.POSITIVE))
@few
def test_an_order_that_the_document_allows_is_taken(asked: Asked, case: AnyCase) -> None:
    assert is_taken(asked, case), asked.faults


@given(case=cases(CANCELLATIONS, GenerationMode.POSITIVE))
@many
def test_a_cancellation_that_the_document_allows_is_taken(asked: Asked, case: AnyCase) -> None:
    assert is_taken(asked, case), asked.faults


@given(case=cases(ORDERS, GenerationMode.NEGATIVE))
@few
def test_an_order_that_the_document_forbids_is_refused(asked: Asked, case: AnyCase) -> None:
    assert 400 <= asked.send(case) < 500


@given(case=cases(CANCELLATIONS, GenerationMode.NEGATIVE))
@many
def test_a_cancellation_that_the_document_forbids_is_refused(asked: Asked, case: AnyCase) -> None:
    assert 400 <= asked.send(case) < 500


@given(case=cases(CANCELLATIONS, GenerationMode.POSITIVE) | cases(CANCELLATIONS, GenerationMode.NEGATIVE))
@many
def test_nothing_that_is_made_up_proves_a_sender(asked: Asked, case: AnyCase) -> None:
    assert asked.send(case, is_signed=False) in {400, 401, 413, 415}


async def test_the_document_is_served_as_it_is(door: Door) -> None:
    response = await door.client.get("/openapi.json")

    assert (response.status_code, response.json()) == (200, DOCUMENT)
    assert response.headers["content-type"] == "application/json"


SOURCE = Path(app.__file__).read_text()


async def test_every_path_stands_in_the_document_but_metrics(door: Door) -> None:
    found = {path: [*operations] for path, operations in DOCUMENT["paths"].items()}

    assert SOURCE.count(Route.__name__ + "(") == len(found) + 1
    for path, methods in found.items():
        assert f'"{path}"' in SOURCE
        other = await door.client.delete(path)
        assert (other.status_code, code_of(other)) == (405, "method_not_allowed")
        assert {method.lower() for method in other.headers["allow"].split(", ")} - {"head"} == {*methods}


async def test_every_example_of_an_order_is_valid_by_the_document(placed_examples: list[bytes]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = {"$ref": "#/components/schemas/OrderPlaced", "components": DOCUMENT["components"]}
    validator = jsonschema.Draft202012Validator(schema)

    assert placed_examples
    for body in [*placed_examples, body_of()]:
        validator.validate(json.loads(body))
