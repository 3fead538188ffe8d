"""The code in a how-to page works as it stands there."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import cast

from standardwebhooks import Webhook

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "channels.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Signed = Callable[[str, str, bytes], dict[str, str]]


def test_an_order_that_is_signed_by_the_page_is_signed_by_the_standard() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(textwrap.dedent(block), names)  # noqa: S102 (what a reader would do)
    body = b'{"channel_order_id": "W-1"}'

    headers = cast("Signed", names["signed"])(SECRET, "web", body)

    assert Webhook(SECRET).verify(body, headers) == {"channel_order_id": "W-1"}
    assert headers["ordermill-channel"] == "web"
