"""The processes of a home: start one, recognise it later, end it, and find those that no file knows of any more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ordermill.stack import child
from ordermill.stack.errors import AlreadyRunningError, StackError
from ordermill.stack.home import Home, owned, read_record

# Says in every process's environment whose it is; that is how one is found when its file is gone.
MARK = "ORDERMILL_PROCESS_OF"
PATH_WITHOUT_ANY = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A log that grew beyond this in earlier runs starts anew.
LOG_BYTES = 16 << 20
TAIL_LINES = 12
POLL_S = 0.02
# Between SIGKILL and the end; longer only when the kernel itself is stuck on a disk.
KILL_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the stack, as it was written down when it started."""

    name: str
    pid: int
    started: str

    def lives(self) -> bool:
        """Whether it is still that one, and no zombie."""
        return bool(self.started) and child.started(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it is gone."""
        if self.lives():
            os.kill(self.pid, number)


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: under which name, and how."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    # `uid:gid` for a server that refuses root, else empty.
    user: str = ""


def clean_environment(home: Home, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a process of the stack sees: nothing of the caller's JAVA_*, CLASSPATH, PG*, PYTHON* settings."""
    return {
        "PATH": os.environ.get("PATH", PATH_WITHOUT_ANY),
        "HOME": os.environ.get("HOME", str(home.path)),
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(home.temporary),
        MARK: str(home.path),
        **(extra or {}),
    }


def spawn(home: Home, program: Program) -> Process:
    """Start a program detached from us, its words in its log."""
    if process := find(home, program.name):
        raise AlreadyRunningError(program.name, process.pid)
    log = home.log(program.name)
    mode = "a" if log.exists() and log.stat().st_size < LOG_BYTES else "w"
    launcher = [sys.executable or "python3", "-I", "-S", child.__file__]
    with owned(home.path), log.open(mode) as words:
        done = subprocess.run(
            [*launcher, str(home.run / f"{program.name}.pid"), program.user, *program.command],
            cwd=program.folder,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            check=False,
        )
    process = find(home, program.name)
    if done.returncode != 0 or process is None:
        raise StackError(f"{program.name} did not start; {log} ends with:\n{tail(log)}")
    return process


def tail(log: Path) -> str:
    """The last lines of a log, indented for a message."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
    return "\n".join(f"    {line}" for line in lines)


def find(home: Home, name: str) -> Process | None:
    """The living process of this name, if it is the one that was started here."""
    process = recorded(home.run / f"{name}.pid")
    return process if process and process.lives() else None


def recorded(path: Path) -> Process | None:
    """The process a file tells of, unless the machine was started anew since."""
    record = read_record(path)
    if not record or record.get("boot") != child.boot():
        return None
    return Process(name=path.stem, pid=int(record["pid"]), started=record["started"])


def living(home: Home) -> list[Process]:
    """Every process that was started here and lives."""
    known = (recorded(path) for path in sorted(home.run.glob("*.pid")))
    return [process for process in known if process and process.lives()]


def forget_dead(home: Home) -> None:
    """Drop the files of processes that are gone."""
    alive = {process.name for process in living(home)}
    for path in home.run.glob("*.pid"):
        if path.stem not in alive:
            path.unlink(missing_ok=True)


def wait_until(done: Callable[[], bool], timeout_s: float) -> bool:
    """Wait for a condition of the outside; tells whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not (came := done()) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return came


def end(processes: Iterable[Process], grace_s: float, how: Callable[[Process], signal.Signals]) -> None:
    """Ask all of them at once to stop, and make those stop that do not in time."""
    asked = list(processes)
    for process in asked:
        process.send(how(process))
    if wait_until(lambda: not any(process.lives() for process in asked), grace_s):
        return
    for process in asked:
        process.send(signal.SIGKILL)
    wait_until(lambda: not any(process.lives() for process in asked), KILL_WAIT_S)


def strays_are_seen() -> bool:
    """Whether this system shows what other processes are about."""
    return Path("/proc/self/environ").exists()


def strays(home: Home) -> list[Process]:
    """Processes of this home that no file of it knows: their folder was deleted, or the file was."""
    known = {process.pid for process in living(home)} | {os.getpid()}
    return [
        Process(name=name, pid=pid, started=child.started(pid))
        for pid, name in marked(home)
        if known.isdisjoint(lineage(pid))
    ]


def lineage(pid: int) -> list[int]:
    """The process and those it descends from: what a known process started is its own affair."""
    found = []
    while pid > 1:
        found.append(pid)
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def marked(home: Home) -> Iterator[tuple[int, str]]:
    """Every living process that carries the home's mark, or is PostgreSQL at work on its data."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if is_of(entry, home):
                yield int(entry.name), (entry / "comm").read_text().strip()
        except OSError:
            continue  # another user's, or just gone


def is_of(entry: Path, home: Home) -> bool:
    """Whether this entry of /proc belongs to exactly this home, not to one nested in it.

    PostgreSQL writes its title over its environment, so it is known by the folder it works in.
    """
    if f"{MARK}={home.path}".encode() in (entry / "environ").read_bytes().split(b"\0"):
        return True
    program = (entry / "comm").read_text().strip()
    folder = str((entry / "cwd").readlink()).removesuffix(" (deleted)")
    return program in {"postgres", "initdb"} and folder == str(home.postgres / "data")
