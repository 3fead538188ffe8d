"""The console in a browser, on the whole pipeline: each page, live, for each role, on a phone, and after its death."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from contracts.intake import OrderCompleted
from contracts.topics import CHANNEL_ORDERS
from ordermill import services
from ordermill.broker import administering
from ordermill.world.world import GROUP as OF_THE_WORLD
from services.console.core.wording import NOTHING
from tests.pipeline.browser import PATIENCE_MS, Theme, Visitor, browsing, visit
from tests.pipeline.pipeline import Pipeline, id_of

pytestmark = pytest.mark.slow

PAGES = {
    "/": "Flow",
    "/orders": "Orders",
    "/dead-letters": "Dead letters",
    "/stock": "Stock",
    "/stock/backorders": "Stock",
    "/stock/purchases": "Stock",
    "/money": "Money",
    "/money/invoices?all=yes": "Money",
    "/money/refunds": "Money",
    "/figures": "Figures",
    "/figures/K15": "Internal order cycle time",
    "/topics": "Topics",
    "/topics/intake-orders": "intake-orders",
    "/topics/intake-orders/partitions": "intake-orders",
    "/health": "Health",
    "/health/laws": "Health",
    "/mails": "Health",
    "/accounts": "Accounts",
}
# Whose first row leads to a page of its own, with this heading.
LISTS = {"/topics/intake-orders": "intake-orders", "/stock": "Stock", "/mails": "Mails"}
STALE_MS = 20_000


@dataclass(frozen=True, slots=True)
class Shop:
    """A pipeline with its console served, a browser, and an order that has come to its end."""

    pipeline: Pipeline
    browser: Browser
    completed: str
    number: str

    async def visitor(self, role: str = "operator", *, theme: Theme = "light", width: int = 1440) -> Visitor:
        return await visit(self.browser, self.pipeline.stack, role, theme=theme, width=width)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(pipeline: Pipeline) -> AsyncIterator[Shop]:
    async with browsing() as browser:
        await pipeline.begin(services.PAGES)
        order = pipeline.order([(await pipeline.stock(20), 2)])
        [order_id] = await pipeline.place(order)
        await pipeline.until(OrderCompleted, order_id)
        try:
            yield Shop(pipeline, browser, order_id, f"{order.channel}:{order.channel_order_id}")
        finally:
            await pipeline.end(services.PAGES)


async def every_page(shop: Shop, visitor: Visitor) -> dict[str, str]:
    """Each page's path, and what its heading says."""
    found = {**PAGES, f"/orders/{shop.completed}": shop.number}
    for path, heading in LISTS.items():
        page = await visitor.go(path)
        href = await page.locator("tbody a").first.get_attribute("href")
        assert href, f"{path} has no row"
        found[href] = heading
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_page_is_shown_and_usable_for_everybody(shop: Shop, theme: Theme) -> None:
    visitor = await shop.visitor("admin", theme=theme)
    rules = ("color-contrast",) if theme == "dark" else ()  # only colours depend on the theme
    findings = {}

    for path, heading in (await every_page(shop, visitor)).items():
        page = await visitor.go(path)
        await expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        findings[path] = await visitor.findings(*rules)

    assert {path: found for path, found in findings.items() if found} == {}
    assert visitor.complaints == []


async def test_no_page_is_wider_than_a_phone(shop: Shop) -> None:
    visitor = await shop.visitor("admin", width=390)
    wide, lost = [], []

    for path in await every_page(shop, visitor):
        page = await visitor.go(path)
        wide += [path] if await visitor.is_too_wide() else []
        box = await page.locator(".side [aria-current]").bounding_box()
        lost += [path] if box is None or not 0 <= box["x"] <= box["x"] + box["width"] <= 390 else []

    assert wide == []
    assert lost == [], "the bar shows which page is open"


async def test_what_is_said_about_an_order_appears_while_somebody_looks(shop: Shop) -> None:
    pipeline = shop.pipeline
    visitor = await shop.visitor("viewer")
    order = pipeline.order([(await pipeline.stock(5), 1)])
    page = await visitor.go("/")
    completed = page.locator(".travel li", has=page.get_by_role("link", name="completed")).locator("b")
    before = int(await completed.inner_text())

    [order_id] = await pipeline.place(order)
    await pipeline.until(OrderCompleted, order_id)

    await expect(completed).to_have_text(str(before + 1), timeout=PATIENCE_MS)


async def test_every_process_says_which_version_it_runs(shop: Shop) -> None:
    others = (services.AUDITOR, services.API)
    await shop.pipeline.begin(*others)
    visitor = await shop.visitor("viewer")
    page = await visitor.go("/health")

    await expect(page.get_by_text("ready", exact=True)).to_have_count(len(services.inside()) - 1, timeout=PATIENCE_MS)
    told = await page.locator('[data-label="Version"]').all_inner_texts()
    for name in others:
        await shop.pipeline.end(name)

    assert len(set(told)) == 1
    assert NOTHING not in told


@pytest.mark.parametrize("name", ["number", "completed"])
async def test_an_order_is_found_by_each_of_its_names(shop: Shop, name: str) -> None:
    visitor = await shop.visitor("viewer")
    page = await visitor.go("/")

    await page.keyboard.press("/")
    await page.keyboard.type(getattr(shop, name))
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(f"{visitor.address}/orders/{shop.completed}")
    await visitor.sees("order received")
    await visitor.sees("order completed")


async def test_a_dead_letter_is_repaired_from_the_page_and_its_order_completes(shop: Shop) -> None:
    pipeline = shop.pipeline
    order = pipeline.order([(await pipeline.stock(5), 1)])
    await pipeline.say_broken(order, order.encode().replace(b'"goods"', b'"good"', 1))
    letter = await pipeline.until_rests("intake", order.channel_order_id)
    visitor = await shop.visitor()
    page = await visitor.until_there(f"/dead-letters/intake/{letter['id']}")
    await expect(page.get_by_label("The message as it came")).to_contain_text(order.channel_order_id)
    assert await visitor.findings() == []

    await page.get_by_label("The message as it came").fill(order.encode().decode())
    await page.get_by_label("Why").fill("the shop misspelt a field")
    await page.get_by_role("button", name="Retry as edited").click()

    await visitor.sees("edited by operator")
    await pipeline.until(OrderCompleted, id_of(order))


async def test_an_edit_that_still_cannot_be_read_is_refused_with_its_text_kept(shop: Shop) -> None:
    pipeline = shop.pipeline
    order = pipeline.order([(await pipeline.stock(5), 1)])
    await pipeline.say_broken(order, b'{"nonsense": true}')
    letter = await pipeline.until_rests("intake", order.channel_order_id)
    visitor = await shop.visitor()
    page = await visitor.until_there(f"/dead-letters/intake/{letter['id']}")

    await page.get_by_label("The message as it came").fill('{"still": "nonsense"}')
    await page.get_by_label("Why").fill("a try")
    await page.get_by_role("button", name="Retry as edited").click()

    await expect(page.get_by_role("alert")).to_contain_text("still does not fit")
    await expect(page.get_by_label("The message as it came")).to_have_value('{"still": "nonsense"}')
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Discard").click()
    await visitor.sees("discarded by operator")


async def test_a_viewer_sees_no_person_and_decides_nothing(shop: Shop) -> None:
    visitor = await shop.visitor("viewer")

    page = await visitor.go(f"/topics/{CHANNEL_ORDERS.name}?key={shop.number}")
    await page.get_by_role("link", name="channel.order_placed").first.click()
    await expect(page.get_by_label("Body")).to_contain_text("•••")
    assert "Ada Miller" not in await page.content()

    for path in ("/mails", "/accounts"):
        answer = await page.goto(f"{visitor.address}{path}")
        assert answer
        assert answer.status == 403
        await visitor.sees("This is for the role")


async def test_an_operator_sees_mails_as_they_looked(shop: Shop) -> None:
    visitor = await shop.visitor()
    page = await visitor.go(f"/orders/{shop.completed}")

    await page.get_by_role("link", name="as it looked").first.click()

    await expect(page.frame_locator("iframe.mail").get_by_text("Ada Miller").first).to_be_visible(timeout=PATIENCE_MS)


async def test_an_admin_makes_an_account_that_can_sign_in(shop: Shop) -> None:
    visitor = await shop.visitor("admin")
    page = await visitor.go("/accounts")

    form = page.locator("form[action='/accounts']")
    await form.get_by_label("Name").fill("grace")
    await form.get_by_label("Role").select_option("viewer")
    await form.get_by_label("Password").fill("a long enough password")
    await form.get_by_role("button", name="Make it").click()
    await expect(page.get_by_role("cell", name="grace", exact=True)).to_be_visible()
    await page.get_by_label("Account admin").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Name").fill("grace")
    await page.get_by_label("Password").fill("a long enough password")
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_label("Account grace")).to_be_visible()


async def test_a_page_says_that_it_is_stale_and_goes_on_after_the_console_was_killed(shop: Shop) -> None:
    visitor = await shop.visitor()
    page = await visitor.go("/topics")
    await expect(page.locator("body.stale")).to_have_count(0)

    await shop.pipeline.kill(services.PAGES)
    await expect(page.locator("body.stale")).to_have_count(1, timeout=STALE_MS)
    await shop.pipeline.begin(services.PAGES)

    await expect(page.locator("body.stale")).to_have_count(0, timeout=PATIENCE_MS)


async def test_looking_into_topics_joins_no_group(shop: Shop) -> None:
    visitor = await shop.visitor()
    await visitor.go("/topics/intake-orders")

    async with administering(shop.pipeline.stack.kafka) as admin:
        groups = {group[0] for group in await admin.list_consumer_groups()}

    assert groups == {*services.service_names(), OF_THE_WORLD} - {"console"}
