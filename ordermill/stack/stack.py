"""Start, stop and describe the stack of a home: both servers, and whatever runs on them.

| found                                    | done                                                    |
|------------------------------------------|---------------------------------------------------------|
| a half not complete, nothing of it runs  | made anew                                               |
| complete, but a part of it is missing    | refused; `down --wipe` is named                         |
| a process of ours that answers as ours   | joined                                                  |
| a process of ours, silent for 30 s       | stopped and started again                               |
| no file, but a process in our folder     | stopped first                                           |
| a start that fails                       | what it started is stopped                              |
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from ordermill.stack import ports
from ordermill.stack.errors import NotRunningError, StackError
from ordermill.stack.home import Home, Progress, check_path, check_space, owned, quiet, write_durably
from ordermill.stack.kafka import Kafka
from ordermill.stack.kafka import name_of as broker_name
from ordermill.stack.postgres import DATABASE, SUPERUSER, Postgres
from ordermill.stack.process import (
    MARK,
    Process,
    Program,
    clean_environment,
    end,
    find,
    forget_dead,
    living,
    spawn,
    strays,
    tail,
    wait_until,
)

# A service finishes the batch in hand when it is told to stop; its own limit is 20 s.
DRAIN_GRACE_S = 25.0
SERVER_GRACE_S = 20.0
STRAY_GRACE_S = 5.0
# Another program may take a port between our look at it and the server's.
PORT_TRIES = 3
BROKERS_MAX = 3


class Half(Protocol):
    """Kafka or PostgreSQL, as the stack sees it."""

    @property
    def home(self) -> Home: ...
    @property
    def name(self) -> str: ...
    @property
    def port(self) -> int | None: ...
    @property
    def ready_timeout_s(self) -> float: ...
    @property
    def processes(self) -> list[str]: ...
    def create(self, lock: int) -> None: ...
    def identity(self) -> str: ...
    def verify(self, identity: str) -> None: ...
    def launch(self) -> None: ...
    def is_ready(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the user may choose about a stack."""

    brokers: int = 1
    kafka_port: int | None = None
    postgres_port: int | None = None
    # A running server of ours that does not answer for so long is stuck.
    patience_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: where its servers are, and the processes that run on them."""

    home: Home
    # Bootstrap servers.
    kafka: str
    # The superuser's address of the database `ordermill`.
    admin_url: str = field(repr=False)

    @property
    def address(self) -> str:
        """Where PostgreSQL is, without the password."""
        return self.admin_url.rpartition("@")[2]

    def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Process:
        """Start a named process in this home; `ordermill down` will stop it before the servers."""
        with self.home.locked():
            forget_dead(self.home)
            folder = self.home.path
            return spawn(self.home, Program(name, command, folder, clean_environment(self.home, environment)))

    def end(self, *names: str, grace_s: float = DRAIN_GRACE_S) -> None:
        """Stop these processes together, with the time to finish what they have in hand."""
        with self.home.locked():
            end([process for process in living(self.home) if process.name in names], grace_s, stop_signal)
            forget_dead(self.home)

    def find(self, name: str) -> Process | None:
        """The living process of this name."""
        return find(self.home, name)

    def processes(self) -> list[Process]:
        """Every living process of this home, servers included."""
        return living(self.home)


@dataclass(frozen=True, slots=True)
class Status:
    """What runs in a home now."""

    home: str
    # Everything that should answer does.
    is_ready: bool
    kafka: str | None
    postgres: str | None
    processes: dict[str, int]


def up(
    home: Home | None = None,
    progress: Progress = quiet,
    options: Options | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Stack:
    """Start what does not run yet, join what does; returns once both servers answer.

    `meanwhile` is called while they boot.
    """
    home = home or Home.chosen()
    check_path(home.path)
    with home.locked(progress) as lock:
        options = options or Options()
        halves = wanted_halves(home, progress, options)
        home.prepare()
        forget_dead(home)
        missing = [half for half in halves if not joined(half, options.patience_s)]
        if missing:
            check_space(home.path)
            clear_strays(home, progress)
        with undone_on_failure(home):
            start(missing, lock, meanwhile)
        for half in halves:
            home.mark_complete(half.name, half.identity())
        return describe(home, halves)


def wanted_halves(home: Home, progress: Progress, options: Options) -> list[Half]:
    """The servers that are ours to run: those that no variable names elsewhere."""
    halves: list[Half] = []
    if not os.environ.get("ORDERMILL_KAFKA"):
        halves.append(Kafka(home, options.brokers, options.kafka_port, progress))
    if not os.environ.get("ORDERMILL_DATABASE_URL"):
        halves.append(Postgres(home, options.postgres_port, progress))
    return halves


def is_elsewhere() -> bool:
    """Whether a variable names a server that is not ours."""
    return bool(os.environ.get("ORDERMILL_KAFKA") or os.environ.get("ORDERMILL_DATABASE_URL"))


def joined(half: Half, patience_s: float) -> bool:
    """Whether it runs already and is ours; one that is stuck is stopped."""
    running = [process for name in half.processes if (process := find(half.home, name))]
    if not running:
        return False
    if len(running) == len(half.processes) and wait_until(half.is_ready, patience_s):
        return True
    end(running, SERVER_GRACE_S, stop_signal)
    return False


def clear_strays(home: Home, progress: Progress) -> None:
    """Stop what works in this home though no file knows of it."""
    found = strays(home)
    if found:
        progress(f"stopping {len(found)} processes that an earlier run left: {', '.join(p.name for p in found)}")
        end(found, STRAY_GRACE_S, lambda _process: signal.SIGTERM)


@contextmanager
def undone_on_failure(home: Home) -> Iterator[None]:
    """Stop again what was started, when the rest cannot be."""
    before = {process.pid for process in living(home)}
    try:
        yield
    except BaseException:
        end([process for process in living(home) if process.pid not in before], SERVER_GRACE_S, stop_signal)
        forget_dead(home)
        raise


def start(halves: Sequence[Half], lock: int, meanwhile: Callable[[], None] | None) -> None:
    """Start these servers; each makes its state while the one before it boots, and `meanwhile` is called then."""
    for half in halves:
        ensure_made(half, lock)
        half.launch()
    if meanwhile:
        meanwhile()
    # The quicker one first: it was launched last.
    for half in reversed(halves):
        await_ready(half)


def ensure_made(half: Half, lock: int) -> None:
    """Make its state anew, unless it was once complete: then nothing of it may be missing.

    Complete is what has answered once. Before that nobody can have kept anything in it.
    """
    if identity := half.home.completed().get(half.name):
        half.verify(identity)
    else:
        half.create(lock)


def await_ready(half: Half) -> None:
    """Wait until it answers; try other ports when another program was quicker."""
    for left in reversed(range(PORT_TRIES)):
        wait_until(lambda: half.is_ready() or not is_alive(half), half.ready_timeout_s)
        if is_alive(half) and half.is_ready():
            return
        if left and lost_port(half):
            half.launch()
        else:
            raise StackError(f"{half.name} did not come up", f"its logs end with:\n{last_words(half)}")


def is_alive(half: Half) -> bool:
    """Whether all its processes live."""
    return all(find(half.home, name) for name in half.processes)


def lost_port(half: Half) -> bool:
    """Whether it died because somebody took its port."""
    return half.port is None and not is_alive(half) and "already in use" in last_words(half)


def last_words(half: Half) -> str:
    """The ends of its logs."""
    return "\n".join(tail(half.home.log(name)) for name in half.processes)


def describe(home: Home, halves: Sequence[Half]) -> Stack:
    """Write down for clients where everything is; a password stays in its file."""
    record: dict[str, object] = {
        "kafka": os.environ.get("ORDERMILL_KAFKA"),
        "cluster_id": home.completed().get("kafka"),
        "postgres": None,
    }
    for half in halves:
        if isinstance(half, Kafka):
            record["kafka"] = half.bootstrap()
        if isinstance(half, Postgres):
            record["postgres"] = {
                "host": ports.LOOPBACK,
                "port": half.recorded(),
                "user": SUPERUSER,
                "database": DATABASE,
                "password_file": str(home.password),
            }
    write_durably(home.clients, json.dumps(record, indent=2))
    return current(home)


def current(home: Home | None = None) -> Stack:
    """The stack that was started in this home, for those who only use it."""
    home = home or Home.chosen()
    try:
        record = json.loads(home.clients.read_text())
    except (OSError, ValueError) as error:
        raise NotRunningError(home.path) from error
    return Stack(
        home=home,
        kafka=os.environ.get("ORDERMILL_KAFKA") or record["kafka"],
        admin_url=os.environ.get("ORDERMILL_DATABASE_URL") or admin_url(record["postgres"]),
    )


def admin_url(postgres: Mapping[str, object] | None) -> str:
    """The superuser's address, with the password from its file."""
    if postgres is None:
        raise StackError(
            "this stack was started on an external PostgreSQL", "set ORDERMILL_DATABASE_URL as it was then"
        )
    with open(str(postgres["password_file"])) as file:  # noqa: PTH123  a path from a record
        password = quote(file.read(), safe="")
    return f"postgresql://{SUPERUSER}:{password}@{postgres['host']}:{postgres['port']}/{postgres['database']}"


def down(home: Home | None = None, progress: Progress = quiet, *, wipe: bool = False) -> list[str]:
    """Stop exactly what was started in this home, what runs on the servers first; tells their names."""
    home = home or Home.chosen()
    if not is_there(home):
        return []
    with home.locked(progress):
        found = [*living(home), *strays(home)]
        guests = [process for process in found if not is_server(process)]
        servers = [process for process in found if is_server(process)]
        stop(guests, DRAIN_GRACE_S, progress)
        stop(servers, SERVER_GRACE_S, progress)
        with owned(home.path):
            forget_dead(home)
            home.clients.unlink(missing_ok=True)
        if wipe:
            progress(f"deleting the state in {home.path}")
            home.wipe()
    return [process.name for process in found]


def is_there(home: Home) -> bool:
    """Whether the home exists; somebody else's is an error."""
    with owned(home.path):
        return home.path.exists()


def stop(processes: Sequence[Process], grace_s: float, progress: Progress) -> None:
    """Stop these together."""
    if processes:
        progress(f"stopping {', '.join(process.name for process in processes)}")
        end(processes, grace_s, stop_signal)


def is_server(process: Process) -> bool:
    """Whether others depend on it; a stray is known by its program."""
    return process.name in {"postgres", "java", *map(broker_name, range(1, BROKERS_MAX + 1))}


def stop_signal(process: Process) -> signal.Signals:
    """How to ask it to stop: PostgreSQL waits for its clients at SIGTERM, and disconnects them at SIGINT."""
    return signal.SIGINT if process.name == "postgres" else signal.SIGTERM


def status(home: Home | None = None) -> Status:
    """What runs in this home, and whether the servers answer."""
    home = home or Home.chosen()
    is_there(home)
    processes = {process.name: process.pid for process in living(home)}
    brokers = sum(1 for name in processes if name in map(broker_name, range(1, BROKERS_MAX + 1)))
    halves = wanted_halves(home, quiet, Options(brokers=max(1, brokers)))
    ready = {half.name: is_alive(half) and half.is_ready() for half in halves}
    kafka, postgres = Kafka(home, max(1, brokers)), Postgres(home)
    return Status(
        home=str(home.path),
        is_ready=all(ready.values()),
        kafka=os.environ.get("ORDERMILL_KAFKA") or (kafka.bootstrap() if ready["kafka"] else None),
        postgres="external"
        if os.environ.get("ORDERMILL_DATABASE_URL")
        else (f"{ports.LOOPBACK}:{postgres.recorded()}" if ready["postgres"] else None),
        processes=processes,
    )


__all__ = ["MARK", "Options", "Stack", "Status", "current", "down", "status", "up"]
