"""Looks for everything that keeps the stack from starting, and says what to do about each."""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ordermill.stack import jars, java, kafka, ports, postgres
from ordermill.stack.errors import StackError
from ordermill.stack.home import NEEDED_BYTES, Home, check_path, check_space, free_bytes, nearest, owned, read_record
from ordermill.stack.process import living, strays

OLDEST_PYTHON = (3, 11)
# 324 partitions, their indexes and the clients' connections take 440; the rest is room.
NEEDED_FILES = 4096
# File systems on which a lock or a flush may not mean what it says.
NETWORK_DISKS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs")
HTTPS = 443
REACH_TIMEOUT_S = 3.0

Verdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    subject: str
    verdict: Verdict
    detail: str
    mend: str = ""


Check = Callable[[Home], Iterator[Finding]]


def ok(subject: str, detail: object) -> Finding:
    """Nothing to do here."""
    return Finding(subject, "ok", str(detail))


def examine(home: Home) -> list[Finding]:
    """Every check; one that itself fails is a finding, too."""
    return [finding for check in CHECKS for finding in guarded(check, home)]


def guarded(check: Check, home: Home) -> Iterator[Finding]:
    """Run a check; a stack's error in it is what it found."""
    subject = check.__name__.replace("_", " ")
    try:
        yield from check(home)
    except StackError as error:
        yield Finding(subject, "failure", error.problem, error.mend)
    except OSError as error:
        yield Finding(subject, "failure", str(error))


def python(_home: Home) -> Iterator[Finding]:
    """New enough, and able to make a virtual environment."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield Finding("python", "failure", version, "install Python 3.11 or newer")
    elif not shutil.which("uv") and importlib.util.find_spec("ensurepip") is None:
        yield Finding("python", "warning", f"{version} without ensurepip or uv", "apt-get install python3-venv")
    else:
        yield ok("python", version)


def home_folder(home: Home) -> Iterator[Finding]:
    """A path that every server can take, writable by us."""
    check_path(home.path)
    if not os.access(nearest(home.path), os.W_OK | os.X_OK):
        with owned(home.path):
            raise PermissionError
    yield ok("home", home.path)


def disk(home: Home) -> Iterator[Finding]:
    """Room, on a disk of this machine."""
    check_space(home.path)
    free = free_bytes(home.path)
    verdict: Verdict = "ok" if free >= NEEDED_BYTES else "warning"
    yield Finding("disk", verdict, f"{free >> 20} MiB free", "" if verdict == "ok" else "1 GiB is comfortable")
    kind = file_system(home)
    if kind.startswith(NETWORK_DISKS):
        yield Finding("disk", "warning", f"{kind} is a network file system", "choose a local disk with ORDERMILL_HOME")


def file_system(home: Home) -> str:
    """The kind of file system below the home, as far as this machine tells."""
    program = shutil.which("stat")
    if not program or not sys.platform.startswith("linux"):
        return "unknown"
    return subprocess.run(
        [program, "-f", "-c", "%T", str(nearest(home.path))], capture_output=True, text=True, check=False
    ).stdout.strip()


def loopback(_home: Home) -> Iterator[Finding]:
    """Servers and clients meet there."""
    yield ok("loopback", f"{ports.LOOPBACK} has free ports, {ports.pick()} for one")


def open_files(_home: Home) -> Iterator[Finding]:
    """Too few, and clients hang instead of failing."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < NEEDED_FILES:
        yield Finding("open files", "failure", f"the hard limit is {hard}", f"raise it: ulimit -Hn {NEEDED_FILES}")
    else:
        yield ok("open files", "no limit" if hard == resource.RLIM_INFINITY else hard)


def java_runtime(_home: Home) -> Iterator[Finding]:
    """One that runs."""
    found = java.find()
    yield ok("java", f"version {found.version}, {found.program}")


def postgres_programs(home: Home) -> Iterator[Finding]:
    """New enough, and a way to run them as who we are."""
    programs = postgres.find_programs()
    way = postgres.choose_way(home.postgres / "data", programs)
    yield ok("postgresql", f"version {postgres.version_of(programs)}, {programs}, run {way.label}")


def kafka_jars(_home: Home) -> Iterator[Finding]:
    """As the lock wants them, or a way to fetch them."""
    wanted = jars.missing(jars.locked(), jars.shared_folder())
    if not wanted:
        yield ok("kafka's jars", f"all {len(jars.locked())} as locked")
        return
    tool = "Maven" if shutil.which("mvn") else "the fetcher from the Python packages"
    yield Finding("kafka's jars", "warning", f"{len(wanted)} missing or altered", f"{tool} fetches them at the next up")
    yield from network()


def network() -> Iterator[Finding]:
    """Whether what is missing can be fetched from here."""
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 (its fetcher's own default; slow to import)

    host = urlsplit(MAVEN_CENTRAL_URL).hostname or ""
    try:
        with socket.create_connection((host, HTTPS), REACH_TIMEOUT_S):
            yield ok("network", f"{host} is reached")
    except OSError as error:
        yield Finding(
            "network",
            "warning",
            f"{host} is not reached directly: {error}",
            "fine where a proxy or a mirror in ~/.m2/settings.xml is set; else the first start needs the network",
        )


def state(home: Home) -> Iterator[Finding]:
    """Both halves whole, or not yet begun."""
    completed = home.completed()
    if not completed:
        yield ok("state", "none yet")
    if "kafka" in completed:
        brokers = max(1, len(list(home.kafka.glob("*/meta.properties"))))
        kafka.Kafka(home, brokers).verify(completed["kafka"])
        yield ok("state", f"Kafka's is whole, {brokers} broker{'s' if brokers > 1 else ''}")
    if "postgres" in completed:
        postgres.Postgres(home).verify(completed["postgres"])
        yield ok("state", "PostgreSQL's is whole")


def processes(home: Home) -> Iterator[Finding]:
    """What runs, and what runs unknown to any file."""
    names = [process.name for process in living(home)]
    yield ok("processes", ", ".join(names) if names else "none run")
    for stray in strays(home):
        yield Finding(
            "processes", "warning", f"{stray.name} ({stray.pid}) is left of an earlier run", "ordermill down stops it"
        )


def last_ports(home: Home) -> Iterator[Finding]:
    """Whether the ports of last time, which clients may have noted, are still ours."""
    alive = {process.name for process in living(home)}
    for name in ("kafka", "postgres"):
        record = read_record(home.run / f"{name}.json")
        port = int(next(iter(record.values()), "0").partition(",")[0])
        if port and name not in alive and not ports.is_free(port):
            yield Finding("ports", "warning", f"{name}'s last port {port} is now held by {ports.holder(port)}")


CHECKS: tuple[Check, ...] = (
    python,
    home_folder,
    disk,
    loopback,
    open_files,
    java_runtime,
    postgres_programs,
    kafka_jars,
    state,
    processes,
    last_ports,
)
