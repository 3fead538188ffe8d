"""Where the bench runs: a stack of its own, made anew, with a world that loses no time, and nothing left running."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ordermill import stack
from ordermill.errors import CommandError
from ordermill.services import measured, start
from ordermill.stack import Home, Progress, Stack
from ordermill.stack.home import CHECKOUT

HOME = CHECKOUT / ".ordermill-bench"
# A day of the simulated world in seconds: what is measured is the pipeline, not how long a carrier drives. Suppliers
# have nothing to do, since nothing runs out.
BEHAVIOUR = "day_s=0.01"
ELSEWHERE = ("ORDERMILL_KAFKA", "ORDERMILL_DATABASE_URL")


@contextmanager
def fresh(progress: Progress) -> Iterator[Stack]:
    """An empty stack with all services, stopped at the end; its logs stay until the next."""
    if named := [name for name in ELSEWHERE if os.environ.get(name)]:
        raise CommandError(f"{named[0]} is set, and only servers of our own can be measured", f"unset {named[0]}")
    home = Home(HOME)
    os.environ.setdefault("WORLD_BEHAVIOUR", BEHAVIOUR)
    stack.down(home, progress, wipe=True)
    try:
        running = stack.up(home, progress)
        start(running, progress, measured())
        yield running
    finally:
        stack.down(home, progress)
