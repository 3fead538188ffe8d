"""What processes use: their CPU time and memory out of /proc, with the children that were born and buried meanwhile.

A tree's time is the sum over its living processes of their own and their reaped children's: PostgreSQL's backends
vanish with their connections, and their time would vanish with them.
"""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
# Fields of /proc/<pid>/stat, counted from the one behind the name.
PARENT, TIMES = 1, slice(11, 15)
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Stat(NamedTuple):
    """One living process: who started it, and the CPU time of itself and its buried children."""

    pid: int
    parent: int
    cpu_s: float


def parse_stat(text: str) -> Stat:
    """Read /proc/<pid>/stat; the name in it may hold blanks and parentheses."""
    fields = text.rpartition(")")[2].split()
    ticks = sum(map(int, fields[TIMES]))
    return Stat(int(text.split(" ", 1)[0]), int(fields[PARENT]), ticks / TICKS_A_SECOND)


def parse_memory(text: str) -> int:
    """Read the bytes that a process has for itself, its share of what is shared included (smaps_rollup)."""
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


def trees(stats: Iterable[Stat], roots: Mapping[str, int]) -> dict[str, list[Stat]]:
    """Each named process with all that descends from it."""
    children: dict[int, list[Stat]] = {}
    known = {stat.pid: stat for stat in stats}
    for stat in known.values():
        children.setdefault(stat.parent, []).append(stat)
    found: dict[str, list[Stat]] = {}
    for name, pid in roots.items():
        tree = [known[pid]] if pid in known else []
        for stat in tree:  # grows while it is read
            tree.extend(children.get(stat.pid, ()))
        found[name] = tree
    return found


def cpu_s(roots: Mapping[str, int]) -> dict[str, float]:
    """The CPU seconds that each tree has used so far."""
    return {name: sum(stat.cpu_s for stat in tree) for name, tree in trees(living(), roots).items()}


def cpu_by_title_s(root: int) -> dict[str, float]:
    """The CPU seconds of each process of a tree, added up by what it calls itself."""
    sums: dict[str, float] = defaultdict(float)
    for stat in trees(living(), {"": root})[""]:
        sums[_read(PROC / str(stat.pid) / "cmdline").replace("\0", " ").strip()] += stat.cpu_s
    return sums


def memory_bytes(roots: Mapping[str, int]) -> dict[str, int]:
    """The memory that each tree holds now."""
    return {name: sum(_memory(stat.pid) for stat in tree) for name, tree in trees(living(), roots).items()}


def living() -> list[Stat]:
    """Every process of this machine."""
    texts = (_read(entry / "stat") for entry in PROC.glob("[0-9]*"))
    return [parse_stat(text) for text in texts if text]


def _memory(pid: int) -> int:
    text = _read(PROC / str(pid) / "smaps_rollup")
    return parse_memory(text) if text else 0


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # gone meanwhile


def described() -> str:
    """The machine in one line: figures mean nothing without it."""
    lines = _read(PROC / "cpuinfo").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {model}, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}"
