"""Takes the pictures of docs/console: every page, light and dark, of a stack with orders on their way.

Run `.venv/bin/python tools/screenshots.py` after `ordermill up`, in a stack without worth: it lets `ordermill demo` run
orders through, and sends messages that nobody can read, so that there is something to see.  Needs Chromium.
"""

import asyncio
import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from chassis.kafka import Publisher
from contracts.channel import OrderPlaced
from ordermill import services, stack
from ordermill.access import reading
from ordermill.errors import CommandError
from ordermill.stack import Stack
from ordermill.world.speech import outgoing

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "console"
EXAMPLE: Final = ROOT / "libs" / "contracts" / "examples" / "channel.order_placed.v1"
ORDERS: Final = "600"
COLOURS: Final = 256  # enough for flat colours and smooth text, and half of the bytes
BRIGHT: Final = 40  # the distance of the channels from which on a colour is no grey
WIDE: Final = {"width": 1360, "height": 850}
PHONE: Final = {"width": 390, "height": 844}
BUSY_S, SETTLED_S = 6.0, 2.5
PATIENCE_S: Final = 60.0
AUDIT_S: Final = 600.0  # the auditor looks now and again
ALL_WELL: Final = """
() => document.querySelectorAll(".service").length > 0 && !document.querySelector(".service.is-bad")
    && document.querySelectorAll(".edge.flows").length > 4
"""
FINDING: Final = """
select (select order_id from console.backorder order by since desc limit 1) as backordered,
    (select order_id from console.placed_order order by placed_at desc limit 1) as newest,
    (select sku from console.stock_level order by moved_at desc limit 1) as sku,
    (select taken_at::text from console.audit_report order by taken_at desc limit 1) as audited,
    (select dead_letter_id from console.dead_letter where resolved_at is null order by dead_at desc limit 1) as letter
"""
Theme = Literal["light", "dark"]


def pages_of(found: Mapping[str, str]) -> dict[str, str]:
    """Give each picture's name and the page it is of."""
    return {
        "orders": "/orders",
        "order": f"/orders/{found['backordered'] or found['newest']}",
        "dead-letters": "/dead-letters",
        "dead-letter": f"/dead-letters/{found['letter']}",
        "stock": "/stock",
        "item": f"/stock/{found['sku']}",
        "backorders": "/stock/backorders",
        "money": "/money",
        "invoices": "/money/invoices?all=yes",
        "figures": "/figures",
        "figure": "/figures/K15",
        "topics": "/topics",
        "messages": "/topics/inventory-allocations",
        "partitions": "/topics/intake-orders/partitions",
        "health": "/health",
        "laws": "/health/laws",
        "mails": "/mails",
        "accounts": "/accounts",
    }


async def main() -> None:
    """Let orders run, and look."""
    running = stack.current()
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        raise CommandError("there is no Chromium", "install it, for example: apt-get install chromium")
    PICTURES.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        sandbox = [] if os.getuid() else ["--no-sandbox"]
        browser = await playwright.chromium.launch(executable_path=browser_path, args=sandbox)
        await break_messages(running)
        await show_flow(browser, running)
        found = await found_in(running)
        for theme in ("light", "dark"):
            page = await sign_in(browser, running, theme, WIDE)
            for name, path in pages_of(found).items():
                await take(page, f"{name}-{theme}", path)
            await take(await sign_in(browser, running, theme, PHONE), f"phone-{theme}", "/")
        await browser.close()


async def show_flow(browser: Browser, running: Stack) -> None:
    """Look at the pipeline while orders are on their way."""
    looking = {theme: await sign_in(browser, running, theme, WIDE) for theme in ("light", "dark")}
    for page in looking.values():
        await page.goto(f"{services.console_address(running)}/")
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ordermill", "demo", "--orders", ORDERS, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await (
            looking["light"]
            .locator(".by-inventory .edge.flows")
            .first.wait_for(state="attached", timeout=PATIENCE_S * 1000)
        )
        await asyncio.sleep(BUSY_S)
        for theme, page in looking.items():
            # A busy machine answers late now and then: take the moment in which all are ready and goods move.
            await page.wait_for_function(ALL_WELL, timeout=PATIENCE_S * 1000)
            await keep(page, f"flow-{theme}")
    finally:
        await demo.wait()


async def break_messages(running: Stack) -> None:
    """Say something that intake cannot read."""
    order = OrderPlaced.decode(next(iter(sorted(EXAMPLE.glob("*.json")))).read_bytes())
    publisher = Publisher(running.kafka, "screenshots")
    await publisher.start()
    try:
        for number, broken in enumerate((b'"amount":"', b'"good":')):
            named = order.model_copy(update={"channel_order_id": f"BROKEN-{number}"})
            record = outgoing(named, datetime.now(UTC))
            await publisher.publish([record._replace(value=(record.value or b"").replace(b'"goods":', broken, 1))])
    finally:
        await publisher.stop()


async def found_in(running: Stack) -> Mapping[str, str]:
    """Find things worth a look, once the read model has them."""
    async with reading(running) as connection, asyncio.timeout(AUDIT_S):
        while True:
            row = await connection.fetchrow(FINDING)
            if row and all(row[name] for name in ("newest", "sku", "letter", "audited")):
                return dict(row)
            await asyncio.sleep(0.5)


async def sign_in(browser: Browser, running: Stack, theme: Theme | str, size: Mapping[str, int]) -> Page:
    """Sign in as an admin, who sees every page."""
    scheme: Theme = "dark" if theme == "dark" else "light"
    context = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(f"{services.console_address(running)}/sign-in")
    await page.get_by_label("Name").fill("admin")
    await page.get_by_label("Password").fill(services.console_password(running, "admin"))
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("navigation", name="Pages").wait_for()
    return page


async def take(page: Page, name: str, path: str) -> None:
    """Take a picture of a page when it has settled."""
    address = page.url.split("/", 3)
    await page.goto(f"{'/'.join(address[:3])}{path}")
    await asyncio.sleep(SETTLED_S)
    await keep(page, name)


async def keep(page: Page, name: str) -> None:
    """Write a picture with its commonest colours as they are, and all others as the nearest of these."""
    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    pixels = picture.tobytes()
    counted = Counter(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
    # Text has a hundred greys; what is small and coloured would be lost among them.
    bright = Counter({colour: count for colour, count in counted.items() if max(colour) - min(colour) > BRIGHT})
    chosen = dict.fromkeys(colour for colour, _ in [*bright.most_common(COLOURS // 2), *counted.most_common(COLOURS)])
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in list(chosen)[:COLOURS] for part in colour])
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)
    print(f"{name}: {(PICTURES / f'{name}.png').stat().st_size // 1024} KB", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
