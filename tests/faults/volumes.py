"""File systems in memory, small enough to be filled: only root can mount them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MIB = 1 << 20


def need_root() -> None:
    """Skip what only root can do, where we are not."""
    if os.geteuid() != 0 or not _may_mount():
        pytest.skip("volumes of a given size: only root can mount them")


def _may_mount() -> bool:
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return done.returncode == 0


@contextmanager
def small(folder: Path, mib: int) -> Iterator["Volume"]:
    """Put a folder, with what is in it, on a volume of its own; put it back at the end."""
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder))
    try:
        _move(aside, folder)
        yield Volume(folder)
    finally:
        aside.mkdir(exist_ok=True)
        shutil.copystat(folder, aside)
        _move(folder, aside)
        _run("umount", str(folder))
        folder.rmdir()
        aside.rename(folder)


def _move(source: Path, target: Path) -> None:
    """Move everything, with its owners and modes."""
    _run("cp", "-a", f"{source}/.", str(target))
    for entry in source.iterdir():
        _run("rm", "-rf", str(entry))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Volume:
    """A volume that can be filled to the last byte, and emptied again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ballast = folder, folder / "ballast"

    def fill(self) -> None:
        """Leave not a byte."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (MIB, 4096):
                try:
                    while ballast.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def free_bytes(self) -> int:
        """What is left."""
        return shutil.disk_usage(self._folder).free

    def relieve(self) -> None:
        """Make room again."""
        self._ballast.unlink()
