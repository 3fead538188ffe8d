"""Signing in, sessions, accounts: over HTTP, on a real PostgreSQL."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from services.console.core.roles import Role
from services.console.gateway.broker import Broker
from services.console.gateway.decisions import Decisions
from services.console.gateway.mailbox import Mailbox
from services.console.gateway.neighbours import Neighbours
from services.console.gateway.reader import Reader
from services.console.settings import WebSettings
from services.console.store import accounts
from services.console.web.app import application
from services.console.web.database import Database
from services.console.web.desk import Desk
from services.console.web.limits import FREE_FAILURES, Throttle
from services.console.web.live import Hub
from services.console.web.pages import accounts as pages
from services.console.web.signing import Signing
from services.console.web.watch import Watch
from tests.service.console.conftest import Model

ADDRESS = "http://localhost"
PASSWORD = "correct horse battery"


@dataclass
class Door:
    """The console's pages about accounts, and the time by which sessions end."""

    model: Model
    now: datetime = field(default_factory=partial(datetime.now, UTC))
    now_s: float = 0.0

    def __post_init__(self) -> None:
        settings = WebSettings(kafka="nowhere:9092", database_url=self.model.bench.url)
        self.database = Database(self.model.bench.pool)
        desk = Desk(
            settings=settings, database=self.database, source=self.model.source,
            watch=Watch(Broker("nowhere:9092", "t"), Neighbours({})), broker=Broker("nowhere:9092", "t"),
            reader=Reader("nowhere:9092", "t", 1), mailbox=Mailbox(None), decisions=Decisions("nowhere:9092", "t"),
        )  # fmt: skip
        signing = Signing(settings, self.database, Throttle(lambda: self.now_s), lambda: self.now)
        self.signing = signing
        hub = Hub({}, desk.watch.look)
        self.app = application(settings, signing, hub, pages.routes(desk, signing), desk.source)

    async def admit(self, name: str, role: Role) -> None:
        """Make an account."""
        verifier = await self.signing.hashed(PASSWORD)
        add = partial(accounts.add_account, name=name, role=role, verifier=verifier, made_by="test")
        await self.database.write(add)

    def browser(self) -> httpx.AsyncClient:
        """Somebody new in front of a browser."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers={"Origin": ADDRESS})

    async def sign_in(self, browser: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
        """Send the form."""
        form = await browser.get("/sign-in?next=/accounts")
        fields = {"csrf": token_in(form), "name": name, "password": password, "next": "/accounts"}
        return await browser.post("/sign-in", data=fields)


def token_in(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.fixture
async def door(model: Model) -> AsyncIterator[Door]:
    door = Door(model)
    await door.admit("ada", Role.ADMIN)
    await door.admit("vera", Role.VIEWER)
    yield door
    await model.bench.rows("delete from account")


async def test_who_is_not_signed_in_is_asked_to_and_led_back(door: Door) -> None:
    async with door.browser() as browser:
        asked = await browser.get("/accounts")
        assert asked.headers["location"] == "/sign-in?next=/accounts"

        answer = await door.sign_in(browser, "Ada ")

        assert answer.headers["location"] == "/accounts"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert (await browser.get("/accounts")).status_code == 200


async def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(door: Door) -> None:
    async with door.browser() as browser:
        wrong = await door.sign_in(browser, "ada", "not the password")
        nobody = await door.sign_in(browser, "nobody")

    assert wrong.status_code == nobody.status_code == 401
    assert re.sub("ada|nobody", "", wrong.text) == re.sub("ada|nobody", "", nobody.text)


async def test_too_many_failures_shut_a_name_out_for_a_while(door: Door) -> None:
    async with door.browser() as browser:
        for _ in range(FREE_FAILURES + 1):
            await door.sign_in(browser, "ada", "not the password")

        assert (await door.sign_in(browser, "ada")).status_code == 429
        door.now_s = 3_600
        assert (await door.sign_in(browser, "ada")).status_code == 303


@pytest.mark.parametrize("later", [timedelta(hours=9), timedelta(hours=25)])
async def test_a_session_ends_when_it_rested_or_is_old(door: Door, later: timedelta) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "ada")
        door.now += later

        assert (await browser.get("/accounts")).status_code == 303


async def test_a_session_that_is_used_does_not_rest(door: Door) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "ada")
        for _ in range(3):
            door.now += timedelta(hours=7)
            assert (await browser.get("/accounts")).status_code == 200


async def test_a_token_is_kept_as_its_hash_alone(door: Door) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "ada")
        token = browser.cookies["session"]

    assert token not in str(await door.model.bench.rows("select * from session"))


async def test_a_form_from_elsewhere_or_without_its_token_changes_nothing(door: Door) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "ada")
        fields = {"name": "mallory", "role": "admin", "password": PASSWORD}
        token = token_in(await browser.get("/accounts"))

        elsewhere = await browser.post("/accounts", data={**fields, "csrf": token}, headers={"Origin": "http://evil"})
        without = await browser.post("/accounts", data=fields)

    assert elsewhere.status_code == without.status_code == 403
    assert await door.model.bench.rows("select name from account where name = 'mallory'") == []


async def test_a_viewer_may_not_see_or_change_accounts(door: Door) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "vera")
        page = await browser.get("/accounts")
        token = token_in(page)
        fields = {"csrf": token, "role": "admin", "is_enabled": "on"}

        assert page.status_code == 403
        assert (await browser.post("/accounts/vera", data=fields)).status_code == 403


async def test_the_only_admin_stays_one(door: Door) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "ada")
        fields = {"csrf": token_in(await browser.get("/accounts")), "role": "viewer", "is_enabled": "on"}

        answer = await browser.post("/accounts/ada", data=fields)

    assert answer.status_code == 409
    assert "only admin" in answer.text


async def test_a_change_of_an_account_ends_its_sessions(door: Door) -> None:
    async with door.browser() as admin, door.browser() as viewer:
        await door.sign_in(admin, "ada")
        await door.sign_in(viewer, "vera")
        fields = {"csrf": token_in(await admin.get("/accounts")), "role": "operator", "is_enabled": "on"}

        assert (await admin.post("/accounts/vera", data=fields)).status_code == 303
        assert (await viewer.get("/accounts")).status_code == 303


async def test_who_signs_out_is_out(door: Door) -> None:
    async with door.browser() as browser:
        await door.sign_in(browser, "ada")
        session = browser.cookies["session"]
        await browser.post("/sign-out", data={"csrf": token_in(await browser.get("/accounts"))})

        browser.cookies.set("session", session)
        assert (await browser.get("/accounts")).status_code == 303


async def test_every_answer_says_what_browsers_may_do_with_it(door: Door) -> None:
    async with door.browser() as browser:
        for path in ("/sign-in", "/accounts", "/nothing-here", "/ready"):
            headers = (await browser.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"

        refused = await browser.get("/sign-in", headers={"Host": "evil.example"})
        assert refused.status_code == 400
