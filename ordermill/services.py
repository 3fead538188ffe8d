"""The services and the simulated outside world as processes of the stack: prepared, started, waited for.

Every folder of `services` that can be run is a service. What is dead is started again, what lives is left alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b32encode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from chassis.migrate import MigrationError, migrate_all
from contracts.topics import DEAD_LETTERS
from ordermill.access import database_url, password_of
from ordermill.errors import CommandError
from ordermill.stack import AlreadyRunningError, Progress, Stack, ports
from ordermill.stack.home import CHECKOUT, quiet, read_record, write_durably
from ordermill.stack.process import tail
from ordermill.topics import TopicsError, create_topics
from ordermill.world.orders import CHANNELS

SERVICES = CHECKOUT / "services"
WORLD = "world"
AUDITOR = "auditor"  # asks the laws now and again
API = "intake-api"  # intake's other process, which takes orders over HTTP and keeps nothing
PAGES = "console-web"  # the console's other process, which serves its pages
LABELS, SLIPS = "shipping-api", "fulfillment-api"  # what serves labels and packing slips, out of their services' tables
# These look on: orders come to their end without them.
ONLOOKERS = frozenset({AUDITOR, PAGES, LABELS, SLIPS, "console"})
ROLES = ("viewer", "operator", "admin")  # each has an account of its name in the console of a stack
# Ten processes that start at once on two slow cores take about 20 s.
READY_LIMIT_S = 180.0
# One busy machine stops for seconds now and then, and there is no other instance that could take over meanwhile.
PATIENCE_S = 20
LOOK_S = 0.1
COPIES_MAX = 3  # one may be away and one may be lost
PROBE_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Program:
    """Something that runs on the servers: how it is called, and the port on which it tells that it is ready."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """How its settings begin in the environment."""
        return self.name.upper().replace("-", "_") + "_"

    @property
    def command(self) -> list[str]:
        """The command line that starts it."""
        return [sys.executable, "-m", self.module, *self.arguments]


def programs() -> list[Program]:
    """Everything there is to run; the world comes first, because services look for its ports."""
    names = sorted(folder.parent.name for folder in SERVICES.glob("*/__main__.py"))
    return [
        Program(WORLD, "ordermill.world"),
        *(Program(name, f"services.{name}") for name in names),
        Program(API, "services.intake", ("api",)),
        Program(PAGES, "services.console", ("web",)),
        Program(LABELS, "services.shipping", ("api",)),
        Program(SLIPS, "services.fulfillment", ("api",)),
        Program(AUDITOR, "ordermill.auditor"),
    ]


def inside() -> list[Program]:
    """What runs where the world is real."""
    return [program for program in programs() if program.name != WORLD]


def measured() -> list[Program]:
    """What a bench runs: everything but those that only look on."""
    return [program for program in programs() if program.name not in ONLOOKERS]


def ended(stack: Stack) -> list[str]:
    """What should run and does not."""
    return [program.name for program in programs() if not stack.find(program.name)]


def service_names() -> list[str]:
    """The services that take messages by the loop, by name; their schemas, with its tables, are called like them."""
    return sorted(map(str, DEAD_LETTERS))


def start(stack: Stack, progress: Progress = quiet, wanted: Sequence[Program] | None = None) -> list[str]:
    """Prepare the servers, start what does not run, wait until all is ready; returns what was started."""
    chosen = programs() if wanted is None else list(wanted)
    progress("making topics, and bringing each service's tables up to date")
    asyncio.run(_prepare(stack))
    places = _places(stack)
    started = [program.name for program in chosen if _spawn(stack, program, places)]
    if started:
        progress(f"starting {', '.join(started)}")
    _await_ready(stack, chosen, places, progress)
    return started


def start_another(stack: Stack, name: str, number: int, settings: Mapping[str, str] = MappingProxyType({})) -> str:
    """Start a further instance of a service, the second or the third, and wait until it is ready; gives its name."""
    program = next(program for program in programs() if program.name == name)
    copy, port = replace(program, name=f"{name}.{number}"), ports.pick()
    told = environment(stack, program, _places(stack), os.environ)
    stack.spawn(copy.name, copy.command, {**told, f"{program.prefix}HEALTH_PORT": str(port), **settings})
    _await_ready(stack, [copy], {copy.name: port}, quiet)
    return copy.name


def api_address(stack: Stack) -> str:
    """Where the edge listens."""
    return f"http://{ports.LOOPBACK}:{_places(stack)['http']}"


def orders_address(stack: Stack) -> str:
    """Where orders are taken over HTTP."""
    return f"{api_address(stack)}/v1/orders"


def document_addresses(stack: Stack) -> dict[str, str]:
    """Where documents are drawn when somebody asks for them, by what they are."""
    places = _places(stack)
    return {
        "Labels": f"http://{ports.LOOPBACK}:{places['labels']}/parcels/<parcel id>/label.pdf (or .zpl)",
        "Packing slips": f"http://{ports.LOOPBACK}:{places['slips']}/shipments/<shipment id>/packing-slip.pdf",
    }


def api_secret(stack: Stack, channel: str) -> str:
    """What a simulated channel signs its orders with, as Standard Webhooks writes it."""
    return "whsec_" + b64encode(bytes.fromhex(password_of(stack, f"channel {channel}"))).decode()


def console_address(stack: Stack) -> str:
    """Where the console is."""
    return f"http://{ports.LOOPBACK}:{_places(stack)['pages']}"


def console_password(stack: Stack, role: str) -> str:
    """The password of the console's first account of a role; nobody has to keep it."""
    digits = b32encode(bytes.fromhex(password_of(stack, f"console {role}"))).decode().lower()
    return "-".join((digits[:5], digits[5:10], digits[10:15]))


def mailbox(stack: Stack) -> Path:
    """Where the simulated mail server keeps what it took."""
    return stack.home.path / "mail"


def copies(stack: Stack) -> int:
    """How many brokers keep each partition: every one that is named, three at most."""
    return min(len(stack.kafka.split(",")), COPIES_MAX)


async def _prepare(stack: Stack) -> None:
    try:
        await asyncio.gather(
            create_topics(stack.kafka, replication=copies(stack)),
            migrate_all(stack.admin_url, SERVICES, lambda role: password_of(stack, role)),
        )
    except MigrationError as error:
        mend = "the files must fit what ran; in a stack without worth: ordermill down --wipe, then up"
        raise CommandError(f"the tables cannot be brought up to date: {error}", mend) from error
    except TopicsError as error:
        raise CommandError(str(error)) from error


# --- ports and environment --------------------------------------------------------------------------------------------


def _places(stack: Stack) -> dict[str, int]:
    """The port of everything that listens: last time's where that is possible, so that neighbours still find it."""
    record = stack.home.path / "services.json"
    known = {name: int(port) for name, port in read_record(record).items()}
    running = {process.name for process in stack.processes()}
    places: dict[str, int] = {}
    for name, owner in _listeners():
        keeps = owner in running and name in known
        places[name] = known[name] if keeps else ports.pick(places.values(), known.get(name))
    if places != known:
        write_durably(record, json.dumps(places, indent=2))
    return places


def _listeners() -> Iterator[tuple[str, str]]:
    """Each thing that listens, with the process to which it belongs."""
    yield from (("provider", WORLD), ("smtp", WORLD), ("http", API), ("pages", PAGES))
    yield from (("labels", LABELS), ("slips", SLIPS))
    yield from ((program.name, program.name) for program in programs() if program.name != WORLD)


def environment(stack: Stack, program: Program, places: Mapping[str, int], users: Mapping[str, str]) -> dict[str, str]:
    """What a program is told: ours, and what the user set for it, which wins."""
    ours = {
        "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{CHECKOUT / 'libs'}",
        "ORDERMILL_KAFKA": stack.kafka,
        "ORDERMILL_VERSION": _version(),
        **(_world(stack, places) if program.name == WORLD else _service(stack, program, places)),
    }
    return ours | {name: value for name, value in users.items() if name.startswith(program.prefix)}


def once(stack: Stack, program: Program, *arguments: str) -> int:
    """Run a program's other task beside it, with what it is told; gives its exit code."""
    told = environment(stack, program, _places(stack), os.environ)
    return subprocess.run([*program.command, *arguments], env={**os.environ, **told}, check=False).returncode


@cache
def _version() -> str:
    """Name what this checkout holds, as the console shows it."""
    with suppress(OSError, subprocess.SubprocessError):
        named = subprocess.run(
            ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"],
            capture_output=True, text=True, check=True, timeout=PROBE_LIMIT_S,
        )  # fmt: skip
        return named.stdout.strip()
    return "unknown"


def _service(stack: Stack, program: Program, places: Mapping[str, int]) -> dict[str, str]:
    host = ports.LOOPBACK
    settings = {
        "billing": {"BILLING_PROVIDER_URL": f"http://{host}:{places['provider']}"},
        "notifications": {"NOTIFICATIONS_SMTP_HOST": host, "NOTIFICATIONS_SMTP_PORT": str(places["smtp"])},
        LABELS: {"SHIPPING_API_PORT": str(places["labels"])},
        SLIPS: {"FULFILLMENT_API_PORT": str(places["slips"])},
        API: {"INTAKE_API_PORT": str(places["http"]), "INTAKE_API_SECRETS": json.dumps(_secrets(stack))},
    }
    role = program.module.rpartition(".")[2]
    database = {} if program.name == API else {f"{program.prefix}DATABASE_URL": database_url(stack, role)}
    return {
        f"{program.prefix}HEALTH_PORT": str(places[program.name]),
        f"{program.prefix}SESSION_TIMEOUT_S": str(PATIENCE_S),
        **database,
        **(_pages(stack, places) if program.name == PAGES else settings.get(program.name, {})),
    }


def _secrets(stack: Stack) -> dict[str, list[str]]:
    return {channel: [api_secret(stack, channel)] for channel in CHANNELS}


def _pages(stack: Stack, places: Mapping[str, int]) -> dict[str, str]:
    told = [program.name for program in programs() if program.name not in {WORLD, PAGES}]
    accounts = {role: {"role": role, "password": console_password(stack, role)} for role in ROLES}
    return {
        "CONSOLE_WEB_PORT": str(places["pages"]),
        "CONSOLE_WEB_SERVICES": json.dumps({name: [f"http://{ports.LOOPBACK}:{places[name]}"] for name in told}),
        "CONSOLE_WEB_MAILBOX": str(mailbox(stack)),
        "CONSOLE_WEB_FIRST_ACCOUNTS": json.dumps(accounts),
    }


def _world(stack: Stack, places: Mapping[str, int]) -> dict[str, str]:
    return {
        "WORLD_PROVIDER_PORT": str(places["provider"]),
        "WORLD_SMTP_PORT": str(places["smtp"]),
        "WORLD_MAILBOX": str(mailbox(stack)),
    }


# --- starting and waiting ---------------------------------------------------------------------------------------------


def _spawn(stack: Stack, program: Program, places: Mapping[str, int]) -> bool:
    if stack.find(program.name):
        return False
    try:
        stack.spawn(program.name, program.command, environment(stack, program, places, os.environ))
    except AlreadyRunningError:  # another `up` was quicker
        return False
    return True


def _await_ready(stack: Stack, chosen: Sequence[Program], places: Mapping[str, int], progress: Progress) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    waiting = list(chosen)
    while waiting:
        answers = {program.name: _answer(program, places) for program in waiting}
        ready = [program for program in waiting if answers[program.name] is None]
        waiting = [program for program in waiting if program not in ready]
        if ready:
            told = f"; waiting for {', '.join(program.name for program in waiting)}" if waiting else ""
            progress(f"ready: {', '.join(program.name for program in ready)}{told}")
        for program in waiting:
            _check_alive(stack, program)
        if waiting and time.monotonic() > deadline:
            program = waiting[0]
            raise CommandError(
                f"{program.name} is not ready after {READY_LIMIT_S:.0f} s: {answers[program.name]}",
                f"its log is {stack.home.log(program.name)}",
            )
        time.sleep(LOOK_S if waiting else 0)


def _check_alive(stack: Stack, program: Program) -> None:
    if not stack.find(program.name):
        log = stack.home.log(program.name)
        raise CommandError(f"{program.name} ended while it started; {log} ends with:\n{tail(log)}")


def _answer(program: Program, places: Mapping[str, int]) -> str | None:
    """None when it is ready, else why not."""
    if program.name == WORLD:
        return None if ports.answers(places["provider"]) else "does not listen yet"
    port = os.environ.get(f"{program.prefix}HEALTH_PORT") or places[program.name]
    try:
        with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{port}/ready", timeout=PROBE_LIMIT_S):
            return None
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace").strip()
    except OSError as error:
        return str(error)
