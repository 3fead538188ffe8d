"""The command: ask, show, and tell by the exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ordermill import stack
from ordermill.check.laws import Finding
from ordermill.check.portrait import Portrait, portray
from ordermill.check.shown import print_findings, print_portrait
from ordermill.check.snapshot import snapshot_of
from ordermill.options import Flag, Json
from ordermill.render import print_json
from ordermill.stack import Stack


def check(*, digest: Flag = False, as_json: Json = False) -> int:
    """Look over one snapshot whether stock, money, orders, logs and mails tie. Exit code 1 if anything breaks a law.

    Laws between services can only be asked when nothing is on its way; else they are skipped, which is no failure.

    Args:
        digest: Tell what the business has come to as well, in numbers to compare with another run's.
        as_json: Print every law with the rows that break it, and the digests, as JSON.
    """
    findings, portrait = asyncio.run(_look(stack.current(), is_drawn=digest or as_json))
    if as_json and portrait:
        print_json({"laws": [finding.as_json() for finding in findings], **portrait.as_json()})
    else:
        print_findings(findings)
    if portrait and not as_json:
        print()
        print_portrait(portrait)
    return 1 if any(finding.rows for finding in findings) else 0


async def _look(running: Stack, *, is_drawn: bool) -> tuple[Sequence[Finding], Portrait | None]:
    async with snapshot_of(running) as snapshot:
        return await snapshot.examine(), await portray(snapshot.connection) if is_drawn else None
