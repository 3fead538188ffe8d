"""The system's Chromium, driven at the console's pages; tests skip where there is none."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from ordermill import services
from ordermill.stack import Stack

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 30_000
Theme = Literal["light", "dark"]


def chromium() -> str:
    """Where the browser is; ORDERMILL_CHROMIUM names another."""
    found = os.environ.get("ORDERMILL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on PATH, and ORDERMILL_CHROMIUM names none")
    return found


@dataclass(slots=True)
class Visitor:
    """Somebody in front of a browser, and what the browser complained about."""

    address: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> Page:
        """Open a page of the console."""
        await self.page.goto(f"{self.address}{path}")
        return self.page

    async def until_there(self, path: str) -> Page:
        """Open a page until there is one: the read model follows the topics within a second."""
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while (answer := await self.page.goto(f"{self.address}{path}")) is None or not answer.ok:
                pass
        return self.page

    async def sees(self, text: str) -> None:
        """Wait until a text is on the page."""
        await self.page.get_by_text(text).first.wait_for(timeout=PATIENCE_MS)

    async def findings(self, *rules: str) -> list[str]:
        """What axe finds on the page that is serious or worse, by these rules or all."""
        found: Any = await Axe().run(self.page, options={"runOnly": list(rules)} if rules else None)
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:200]}"
            for each in found.response["violations"]
            if each["impact"] in {"serious", "critical"}
        ]

    async def is_too_wide(self) -> bool:
        """Whether the page must be scrolled sideways."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Start the browser."""
    path = chromium()
    async with async_playwright() as playwright:
        sandbox = [] if os.getuid() else ["--no-sandbox"]  # Chromium's sandbox does not work for root
        browser = await playwright.chromium.launch(executable_path=path, args=sandbox)
        try:
            yield browser
        finally:
            await browser.close()


async def visit(
    browser: Browser, stack: Stack, role: str, *, theme: Theme = "light", width: int = 1440, height: int = 900
) -> Visitor:
    """Sign in as somebody of a role."""
    context: BrowserContext = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    address = await asyncio.to_thread(services.console_address, stack)
    visitor = Visitor(address, page)
    page.on("console", lambda told: visitor.complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    await visitor.go("/")
    await page.get_by_label("Name").fill(role)
    await page.get_by_label("Password").fill(services.console_password(stack, role))
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("navigation", name="Pages").wait_for()
    return visitor
