"""The services' processes as an orchestrator has them: what ends is started again, and how it ended is remembered."""

import asyncio
import resource
import signal
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, Popen
from time import monotonic

from ordermill.services import Program
from ordermill.stack import ports

LOOK_S = 0.1
PAUSE_S = 0.2  # between an end and the next start
START_S = 180.0  # eight processes that start at once on two slow cores take 20 s, and there may be others
GRACE_S = 30.0  # after which orchestrators kill
PROBE_S = 1.0
KILLED = -signal.SIGKILL
SPEECHLESS = 120  # Python's own code for a clean end whose last words could not be written


@dataclass
class Instance:
    """A process that is to run; `traps` are the crash points of its next starts."""

    name: str
    program: Program
    environment: Mapping[str, str]
    log: Path
    folder: Path
    traps: deque[str] = field(default_factory=deque)
    extra: Mapping[str, str] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    is_wanted: bool = False
    process: Popen[bytes] | None = None
    ended_at: float = 0.0

    @property
    def pid(self) -> int:
        """The process it is now."""
        assert self.process, f"{self.name} was started"
        return self.process.pid

    @property
    def port(self) -> int:
        """Where it tells whether it is ready."""
        return int(self.environment[f"{self.program.prefix}HEALTH_PORT"])

    def start(self) -> None:
        """Start it."""
        environment = {**self.environment, **self.extra}
        if self.traps:
            environment[f"{self.program.prefix}CRASH_AT"] = self.traps.popleft()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = Popen(
                self.program.command, cwd=self.folder, env=environment, stdin=DEVNULL, stdout=log, stderr=log
            )
        self.is_wanted = True

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it is gone."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def look(self) -> None:
        """Note its end, and start it again after a moment."""
        if self.process and (code := self.process.poll()) is not None:
            self.ends.append(code)
            self.process, self.ended_at = None, monotonic()
        if self.is_wanted and not self.process and monotonic() > self.ended_at + PAUSE_S:
            self.start()

    def is_ready(self) -> bool:
        """Whether it says so."""
        if not self.process or self.process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{self.port}/ready", timeout=PROBE_S):
                return True
        except OSError:
            return False

    def limit_memory(self, spare: int) -> None:
        """Let it have no more address space than it has now, and so much more."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + spare
        resource.prlimit(self.pid, resource.RLIMIT_AS, (size, size))


class Supervisor:
    """Keeps instances running."""

    def __init__(self) -> None:
        self.instances: dict[str, Instance] = {}

    def __getitem__(self, name: str) -> Instance:
        return self.instances[name]

    async def run(self) -> None:
        """Look after all of them until cancelled."""
        while True:
            for instance in list(self.instances.values()):
                instance.look()
            await asyncio.sleep(LOOK_S)

    def ends(self) -> list[tuple[str, int]]:
        """Every end so far, and its exit code."""
        return [(instance.name, code) for instance in self.instances.values() for code in instance.ends]

    async def stop(self, names: Iterable[str], grace_s: float = GRACE_S) -> dict[str, int]:
        """Ask these to stop, all at once, and wait; returns their exit codes."""
        asked = [self[name] for name in names if self[name].process]
        processes = {instance.name: instance.process for instance in asked}
        for instance in asked:
            instance.is_wanted = False
            instance.send(signal.SIGTERM)
        deadline = monotonic() + grace_s
        while any(process and process.poll() is None for process in processes.values()):
            if monotonic() > deadline:
                for instance in asked:
                    instance.send(signal.SIGKILL)
            await asyncio.sleep(LOOK_S)
        for instance in asked:
            instance.look()
        return {name: process.returncode for name, process in processes.items() if process}

    async def restart(self, names: Iterable[str]) -> dict[str, int]:
        """Stop these, start them, wait until they are ready; returns how they ended."""
        chosen = list(names)
        codes = await self.stop(chosen)
        for name in chosen:
            self[name].start()
        await self.until_ready(chosen)
        return codes

    async def until_ready(self, names: Iterable[str], patience_s: float = START_S) -> None:
        """Wait until these are ready."""
        deadline, waiting = monotonic() + patience_s, list(names)
        while waiting := [name for name in waiting if not await asyncio.to_thread(self[name].is_ready)]:
            assert monotonic() < deadline, f"not ready after {patience_s:.0f} s: {waiting}"
            await asyncio.sleep(LOOK_S)
