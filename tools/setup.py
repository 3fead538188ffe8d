"""Make `.venv`: the locked packages, this checkout on its path, and the `ordermill` command.

Standard library only, because it runs before anything is installed. Run it through `tools/setup`, which finds a
Python of the right age. It is quick when nothing changed, and safe to run twice at the same time.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
LOCK = CHECKOUT / "requirements-dev.lock"
PYTHON = VENV / "bin" / "python"
# Written last: a .venv without it, or with another content, is not finished.
STAMP = VENV / "ordermill.stamp"

WRAPPER = """\
#!/bin/sh
# The ordermill command of this checkout, from whatever folder it is called.
exec "${0%/*}/python" -P -m ordermill "$@"
"""


class SetupError(Exception):
    """Setting up cannot go on; the message says what to do."""


def say(text: str) -> None:
    """Show one step of progress, at once."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


def fingerprint() -> str:
    """What `.venv` was made from. Not the interpreter: another PATH must not rebuild it under running servers."""
    return hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()


def works(program: Path) -> bool:
    """Whether the interpreter runs at all: an upgrade of the system's Python may have broken it."""
    try:
        return subprocess.run([program, "-c", "import ssl"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def is_current() -> bool:
    """Whether nothing needs doing."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint() and works(PYTHON)


@contextmanager
def alone() -> Iterator[None]:
    """Let a second run wait for the first."""
    with (CHECKOUT / ".venv.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is running here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_place() -> None:
    """Refuse a folder in which a virtual environment cannot work."""
    if ":" in str(CHECKOUT):
        raise SetupError(f"the path {CHECKOUT} holds a ':', which Python's venv cannot use; move the checkout")
    for path in (CHECKOUT, VENV):
        if path.exists() and not os.access(path, os.W_OK):
            raise SetupError(foreign(path))


def foreign(path: Path) -> str:
    """Name the owner of what may not be written, and the mend."""
    return f"{path} belongs to {path.owner()}; give it back with: sudo chown -R $(id -u):$(id -g) {CHECKOUT}"


def make_environment(*, with_pip: bool) -> None:
    """Make an empty `.venv`, unless a usable one is there."""
    if works(PYTHON) and (VENV / "pyvenv.cfg").is_file() and (not with_pip or has_pip()):
        return
    if with_pip and importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"{sys.executable} has neither ensurepip nor is there a uv on PATH.\n"
            f"  Debian, Ubuntu:  apt-get install python{version}-venv\n"
            "  or install uv, then run this again"
        )
    if VENV.exists():
        say("removing an unfinished or broken .venv")
        shutil.rmtree(VENV)
    say(f"making .venv with {sys.executable}")
    options = [] if with_pip else ["--without-pip"]
    subprocess.run([sys.executable, "-m", "venv", *options, str(VENV)], check=True)


def has_pip() -> bool:
    """Whether `.venv` can install something by itself; one made for uv cannot."""
    return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def uv_in_environment() -> str | None:
    """The locked uv, installed with pip: it is five times as fast for the rest."""
    program = VENV / "bin" / "uv"
    if works_as_uv(str(program)):
        return str(program)
    say("installing uv with pip")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=VENV) as only_uv:
        only_uv.write(locked_block("uv"))
        only_uv.flush()
        pip("--require-hashes", "-r", only_uv.name)
    return str(program) if works_as_uv(str(program)) else None


def works_as_uv(program: str) -> bool:
    """Whether this uv runs here: its wheel may be for another C library."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def locked_block(package: str) -> str:
    """One package's lines of the lock, hashes included."""
    lines = LOCK.read_text().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))
    return "".join(lines[start:end])


def pip(*arguments: str) -> int:
    """Install with pip; tells whether it worked by its exit code."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False).returncode


def sync_with_uv(uv: str) -> bool:
    """Install the lock with uv, trying what may work here from the cheapest on.

    A warm cache needs no network, but only if told so; behind a proxy that opens TLS only the system's
    certificates help, and some builds cannot read them.
    """
    command = [uv, "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", str(LOCK)]
    tries: tuple[dict[str, str], ...] = ({"UV_OFFLINE": "1"}, {"UV_SYSTEM_CERTS": "1"}, {})
    complaint = ""
    for extra in tries:
        done = subprocess.run(command, env=os.environ | extra, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return True
        complaint = done.stderr
    say(f"uv could not install the lock, trying pip:\n{complaint}")
    return False


def install() -> None:
    """Fill `.venv` with exactly the locked packages."""
    uv = shutil.which("uv")
    uv = uv if uv and works_as_uv(uv) else None
    make_environment(with_pip=uv is None)
    uv = uv or uv_in_environment()
    say("installing the locked packages")
    if uv and sync_with_uv(uv):
        return
    make_environment(with_pip=True)
    if pip("--require-hashes", "-r", str(LOCK)) != 0:
        raise SetupError("the packages could not be installed; is the package index reached from here?")


def put_on_path() -> None:
    """Make the checkout importable and callable.

    The lines of the .pth file are relative: they hold no character that another locale could misread, and the
    checkout may be moved.
    """
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))
    root = Path(os.path.relpath(CHECKOUT, packages))
    (packages / "ordermill.pth").write_text(f"{root}\n{root / 'libs'}\n")
    command = VENV / "bin" / "ordermill"
    command.write_text(WRAPPER)
    command.chmod(0o755)


def set_up() -> None:
    """Do what is needed, under the lock, and remember that it is done."""
    check_place()
    with alone():
        if is_current():
            return
        STAMP.unlink(missing_ok=True)
        install()
        put_on_path()
        STAMP.write_text(fingerprint())
    say("done")


def main() -> int:
    """Set up; explain instead of tracing back where the reason is known."""
    try:
        set_up()
    except SetupError as error:
        say(str(error))
        return 1
    except PermissionError as error:
        say(foreign(Path(error.filename)))
        return 1
    except subprocess.CalledProcessError as error:
        say(f"{' '.join(map(str, error.cmd))} failed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
