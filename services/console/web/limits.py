"""How often somebody may try to sign in: each failure makes the next try wait twice as long."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

Result = TypeVar("Result")

FREE_FAILURES: Final = 4  # a finger that slips is not an attack
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 900.0
DOUBLINGS_MAX: Final = 10  # past the longest wait
KEYS_MAX: Final = 10_000
HASHES_AT_ONCE: Final = 2  # each takes 16 MiB and a core for a quarter of a second


class Throttle:
    """Failures by name and by address; what has rested for the longest is forgotten first."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, *keys: str) -> float:
        """How long until the next try may be made; 0 when it may be made now."""
        return max(self._until(key) for key in keys) if keys else 0.0

    def failed(self, *keys: str) -> None:
        """Count a failure."""
        for key in keys:
            count, _ = self._failures.pop(key, (0, 0.0))
            self._failures[key] = count + 1, self._clock_s()
        while len(self._failures) > KEYS_MAX:
            self._failures.popitem(last=False)

    def passed(self, *keys: str) -> None:
        """Forget the failures of whoever has signed in."""
        for key in keys:
            self._failures.pop(key, None)

    def _until(self, key: str) -> float:
        count, at = self._failures.get(key, (0, 0.0))
        if count <= FREE_FAILURES:
            return 0.0
        doublings = min(count - FREE_FAILURES - 1, DOUBLINGS_MAX)
        wait_s = min(FIRST_WAIT_S * float(2**doublings), LONGEST_WAIT_S)
        return max(at + wait_s - self._clock_s(), 0.0)


class Hashing:
    """Bounds how much of the machine passwords may take."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(HASHES_AT_ONCE)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run the work in a thread: scrypt lets others run meanwhile."""
        async with self._places:
            return await asyncio.to_thread(work)
