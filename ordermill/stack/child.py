"""Becoming a process of the stack, and telling later whether a process is still that one.

Run as a program, by path and without site packages, it turns itself into the program named on its command line:
detached, its identity written down *before* it becomes that program. So nothing can run that no file knows of, at
whatever moment the launcher is killed; what cannot be written down does not start.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
# What a killed process leaves until its parent looks at it.
DEAD_STATES = "ZX"
STATE_FIELD, START_FIELD = 0, 19


def boot() -> str:
    """Which start of the machine this is: ids of processes mean nothing beyond it."""
    return BOOT.read_text().strip() if BOOT.exists() else platform.node()


def started(pid: int) -> str:
    """When the process started, in the machine's own words; empty when it is dead or never was."""
    return started_by_proc(pid) if BOOT.exists() else started_by_ps(pid)


def started_by_proc(pid: int) -> str:
    """Linux: the start tick. The name before it may hold blanks and parentheses."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[STATE_FIELD] in DEAD_STATES else fields[START_FIELD]


def started_by_ps(pid: int) -> str:
    """Elsewhere: what ps says."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, moment = subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition(" ")
    return "" if state.startswith("Z") else moment.strip()


def write_identity(path: Path) -> None:
    """Write down who we are, whole or not at all."""
    draft = path.with_suffix(".draft")
    pid = os.getpid()
    draft.write_text(json.dumps({"pid": pid, "boot": boot(), "started": started(pid)}))
    draft.rename(path)


def drop_to(user: str) -> None:
    """Give up root for good, for servers that refuse it; `uid:gid`, or nothing."""
    if user:
        uid, gid = map(int, user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def become(path: Path, user: str, command: list[str]) -> None:
    """Turn into the program, under a session of its own."""
    os.setsid()
    write_identity(path)
    drop_to(user)
    os.execvp(command[0], command)  # noqa: S606  becoming the program is the purpose


def main(path: str, user: str, *command: str) -> int:
    """Start the program detached; return once it has become itself, or report why it could not."""
    reading, writing = os.pipe()  # closed by a successful exec, as every descriptor of Python's is
    if os.fork() == 0:
        try:
            become(Path(path), user, list(command))
        except OSError as error:
            os.write(writing, f"{command[0]}: {error}".encode())
        os._exit(127)
    os.close(writing)
    complaint = os.read(reading, 4096).decode()
    sys.stderr.write(complaint)
    return 1 if complaint else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
