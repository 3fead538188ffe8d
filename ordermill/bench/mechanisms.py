"""What a service's CPU goes into: py-spy looks at its stack a hundred times a second, and each look has a mechanism.

A look belongs to the innermost frame whose file is known here: what pydantic does while a message is read is reading.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ordermill.errors import CommandError

RATE = 100  # looks a second
GRACE_S = 30.0  # to write down what was seen
# How the files begin whose frames tell a mechanism. `*`: any service.
MECHANISMS = {
    "reading messages": ("chassis/reading.py", "chassis/records.py"),
    "revisions, groups, needs, later": (
        "chassis/attempt.py", "chassis/decisions.py", "chassis/entry.py", "chassis/groups.py", "chassis/later.py",
        "chassis/ledger.py", "chassis/loop.py", "chassis/needs.py", "chassis/revisions.py", "chassis/turn.py",
    ),
    "deciding": ("services/*/core",),
    "handlers and store": ("services/*/handlers", "services/*/store", "services/*/translate", "services/*/jobs"),
    "asking PostgreSQL": ("asyncpg/", "chassis/postgres.py", "chassis/queries.py"),
    "writing messages": ("chassis/outbox.py",),
    "Kafka's client": ("aiokafka/", "faststream/", "chassis/kafka.py", "chassis/client.py"),
    "calls to the outside": ("chassis/calls.py", "services/*/gateway", "aiohttp/", "aiosmtplib/", "jinja2/", "email/"),
    "logs, metrics, health": (
        "chassis/health.py", "chassis/logs.py", "chassis/metrics.py", "prometheus_client/", "structlog/",
    ),
}  # fmt: skip
REST = "event loop, sockets, the rest"
# A thread with nothing to do ends in one of these; py-spy takes some of them for busy.
WAITS = ("threading.py", "concurrent/futures/thread.py", "queue.py", "selectors.py")
VACUUM, WRITERS = "vacuum and statistics", "pages and log written, pages read ahead"
FILE = re.compile(r"\(([^()]+?)(?::\d+)?\)$")
SERVICE = re.compile(r"^services/[^/]+/")


def shares(seen: str) -> dict[str, float]:
    """The share of each mechanism in what py-spy saw (its raw format: frames from the outside in, and a number)."""
    looks: Counter[str] = Counter()
    for line in seen.splitlines():
        stack, _, number = line.rpartition(" ")
        if mechanism := of_stack([file_of(frame) for frame in stack.split(";")]):
            looks[mechanism] += int(number)
    total = looks.total()
    return {mechanism: looks[mechanism] / total for mechanism in (*MECHANISMS, REST) if looks[mechanism]}


def of_postgres(spent: Mapping[str, float], services: Collection[str]) -> dict[str, float]:
    """Add up what PostgreSQL's processes used, given by their titles."""
    sums: dict[str, float] = defaultdict(float)
    for title, figure in spent.items():
        sums[of_title(title, services)] += figure
    return dict(sorted(sums.items()))


def of_title(title: str, services: Collection[str]) -> str:
    """What a process of PostgreSQL does, by its title: `postgres: billing ordermill 127.0.0.1(50000) idle`."""
    server, _, rest = title.partition(": ")
    word = rest.partition(" ")[0]
    if server != "postgres" or word == "autovacuum":
        return VACUUM  # its workers live for a moment: what they used is their parent's
    if word in services:
        return f"statements of {word}"
    return WRITERS if word in {"background", "checkpointer", "io", "walwriter"} else "looks of the bench"


def of_stack(files: Sequence[str]) -> str | None:
    """The mechanism of a stack, given its files from the outside in; None: it only waits."""
    if files[-1] in WAITS:
        return None
    return next((name for file in reversed(files) if (name := of_file(file))), REST)


def of_file(file: str) -> str | None:
    """The mechanism that a file tells, if any."""
    anywhere = SERVICE.sub("services/*/", file)
    return next((name for name, begins in MECHANISMS.items() if anywhere.startswith(begins)), None)


def file_of(frame: str) -> str:
    """The file of a frame as py-spy writes it: `name (file:line)`."""
    found = FILE.search(frame)
    return found[1] if found else ""


@contextmanager
def watching(pids: Mapping[str, int], folder: Path) -> Iterator[Mapping[str, Path]]:
    """Watch these processes; what was seen of each is in its file afterwards.

    Raises CommandError where one process may not look into another.
    """
    program = Path(sys.executable).with_name("py-spy")
    if not shutil.which(program):
        raise CommandError("py-spy is not installed", "make setup installs it")
    files = {name: folder / f"{name}.looks" for name in pids}
    watchers = [_watch(str(program), pid, files[name]) for name, pid in pids.items()]
    try:
        yield files
    finally:
        for watcher in watchers:
            watcher.send_signal(signal.SIGINT)
        said = [watcher.communicate(timeout=GRACE_S)[0] for watcher in watchers]
    if unseen := [words for words, file in zip(said, files.values(), strict=True) if not file.exists()]:
        mend = "run it as root, or allow it: sysctl kernel.yama.ptrace_scope=0"
        raise CommandError(f"py-spy saw nothing: {unseen[0].strip()}", mend)


def _watch(program: str, pid: int, file: Path) -> subprocess.Popen[str]:
    # Not blocking: a look at a running process goes wrong now and then, and holds up nobody.
    how = ["--nonblocking", "--rate", str(RATE), "--format", "raw", "--duration", "unlimited"]
    command = [program, "record", *how, "--output", str(file), "--pid", str(pid)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
