"""Passwords, roles, tries, and who may send a form."""

from http import HTTPStatus

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message

from services.console.core.passwords import fault_of, is_password, verifier_of
from services.console.core.roles import Role
from services.console.store.sessions import Session
from services.console.web.errors import PageError
from services.console.web.forms import check_token, form_of
from services.console.web.guard import Guard, _is_from_here, _is_named
from services.console.web.limits import FREE_FAILURES, Throttle
from services.console.web.signing import _path


def request(body: bytes = b"", **headers: str) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": raw}
    return Request(scope, receive)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_password_is_known_by_what_is_kept_of_it() -> None:
    kept = verifier_of("correct horse battery", b"0123456789abcdef")

    assert is_password("correct horse battery", kept)
    assert not is_password("correct horse batterz", kept)
    assert "correct" not in kept


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 300])
def test_a_weak_password_may_not_be_chosen(password: str) -> None:
    assert fault_of(password)


def test_each_role_may_what_those_below_it_may() -> None:
    assert Role.ADMIN.includes(Role.OPERATOR)
    assert Role.OPERATOR.includes(Role.OPERATOR)
    assert not Role.VIEWER.includes(Role.OPERATOR)


def test_each_failure_after_the_free_ones_makes_the_next_try_wait_longer() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(FREE_FAILURES):
        throttle.failed("ada")

    assert throttle.wait_s("ada") == 0
    throttle.failed("ada")
    first = throttle.wait_s("ada")
    throttle.failed("ada")
    assert throttle.wait_s("ada") == 2 * first > 0
    assert throttle.wait_s("bob") == 0
    clock.now_s = 2 * first
    assert throttle.wait_s("ada") == 0


def test_who_signs_in_begins_anew() -> None:
    throttle = Throttle(Clock())
    for _ in range(FREE_FAILURES + 1):
        throttle.failed("ada")

    throttle.passed("ada")

    assert throttle.wait_s("ada") == 0


@pytest.mark.parametrize(
    ("host", "origin", "may"),
    [
        ("console:8090", "http://console:8090", True),
        ("console:8090", "http://evil.example", False),
        ("console:8090", "http://console:8090.evil.example", False),
        ("console:8090", "null", False),
        ("console:8090", "", False),
    ],
)
def test_a_form_comes_from_a_page_of_ours(host: str, origin: str, *, may: bool) -> None:
    assert _is_from_here(request(host=host, origin=origin)) is may


def test_a_name_that_is_not_ours_is_not_answered() -> None:
    hosts = frozenset({"localhost"})

    assert _is_named(request(host="localhost:8090").headers, hosts)
    assert not _is_named(request(host="evil.example").headers, hosts)
    assert not _is_named(request().headers, hosts)


async def test_a_form_without_its_sessions_token_is_refused() -> None:
    form = await form_of(request(b"csrf=wrong&why=b%C3%A4h", content_type="application/x-www-form-urlencoded"))

    assert form["why"] == "bäh"
    with pytest.raises(PageError):
        check_token(form, "right")
    with pytest.raises(PageError):
        check_token({}, "right")
    check_token({"csrf": "right"}, "right")


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=1", b"&".join(b"a=1" for _ in range(99))])
async def test_a_form_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(PageError):
        await form_of(request(body, content_type="application/x-www-form-urlencoded"))


async def test_only_a_form_is_read_as_one() -> None:
    with pytest.raises(PageError):
        await form_of(request(b'{"csrf": "x"}', content_type="application/json"))


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/orders?q=a", "/orders?q=a"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("orders", "/"),
        ("/a\nSet-Cookie: x", "/"),
    ],
)
def test_after_sign_in_one_gets_to_pages_of_ours_only(asked: str, given: str) -> None:
    assert _path(asked) == given


async def test_a_form_with_what_no_table_takes_is_refused() -> None:
    sent = request(b"name=a%00b", content_type="application/x-www-form-urlencoded")

    with pytest.raises(PageError):
        await form_of(sent)


@pytest.mark.parametrize(("path", "query"), [("/orders/\x00", b""), ("/orders", b"q=%00")])
async def test_an_address_with_what_no_table_takes_is_refused(path: str, query: bytes) -> None:
    said: list[Message] = []

    async def nobody(_request: Request) -> Session | None:
        raise AssertionError("it came through")

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    guard = Guard(PlainTextResponse("came through"), frozenset({"localhost"}), nobody)
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": [(b"host", b"localhost")]}
    await guard(scope, receive, send)

    assert said[0]["status"] == HTTPStatus.BAD_REQUEST
