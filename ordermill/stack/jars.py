"""Kafka's jars: exactly those of `jars.lock`, each checked against its SHA-256 every time.

They come from Maven's local repository, from Maven, or from a fetcher installed with the Python packages, whichever
is there; a truncated or altered file is fetched again. One copy serves every home of a checkout.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ordermill.stack.errors import StackError
from ordermill.stack.home import Progress, quiet

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("jars.lock")
# A cold Maven fetches its own plugins first; slower than this is a network that does not answer.
MAVEN_TIMEOUT_S = 180.0
FETCH_TIMEOUT_S = 30
FETCH_THREADS = 8


@dataclass(frozen=True, slots=True)
class Jar:
    """One file the broker needs."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """Its file name, everywhere."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def in_repository(self) -> Path:
        """Where a Maven repository keeps it."""
        return Path(*self.group.split("."), self.artifact, self.version, self.name)

    def is_at(self, path: Path) -> bool:
        """Whether this very file is there, to the last byte."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


Source = Callable[[list[Jar], Path], None]


def locked(lock: Path = LOCK) -> list[Jar]:
    """What the lock names."""
    lines = (re.split("[: ]", line) for line in lock.read_text().splitlines() if not line.startswith("#"))
    return [Jar(group, artifact, version, sha256) for group, artifact, version, sha256 in lines]


def shared_folder() -> Path:
    """Beside the Python packages: what is installed lives in one place, state in another."""
    return Path(sys.prefix) / "share" / "ordermill" / "kafka"


def missing(jars: Iterable[Jar], folder: Path) -> list[Jar]:
    """Those that are not in the folder as the lock wants them."""
    return [jar for jar in jars if not jar.is_at(folder / jar.name)]


def provide(
    folder: Path,
    progress: Progress = quiet,
    wanted: Iterable[Jar] | None = None,
    sources: Iterable[tuple[str, Source]] | None = None,
) -> None:
    """Fill the folder from the first sources that can; complain about what none of them had."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = missing(locked() if wanted is None else wanted, folder)
    for label, source in known_sources() if sources is None else sources:
        if not wanted:
            return
        progress(f"kafka: {len(wanted)} jars from {label}")
        # Beside the target: a rename works only within one file system, and TMPDIR may be another.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as draft:
            source(wanted, Path(draft))
            take(wanted, Path(draft), folder)
        wanted = missing(wanted, folder)
    if wanted:
        raise StackError(
            f"{len(wanted)} of Kafka's jars could not be fetched, {wanted[0].name} among them",
            "the first start needs the network (Maven's central repository, or the mirror in ~/.m2/settings.xml); "
            "`ordermill doctor` tells what is reached",
        )


def take(wanted: Iterable[Jar], draft: Path, folder: Path) -> None:
    """Move what arrived whole into place."""
    for jar in wanted:
        if jar.is_at(draft / jar.name):
            (draft / jar.name).replace(folder / jar.name)


def copy_local(wanted: list[Jar], draft: Path) -> None:
    """From Maven's local repository: what other builds on this machine have fetched before."""
    with suppress(RuntimeError):  # no home folder at all
        repository = Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")
        for jar in wanted:
            with suppress(OSError):
                shutil.copyfile(repository / jar.in_repository, draft / jar.name)


def run_maven(wanted: list[Jar], draft: Path) -> None:
    """By Maven, from wherever the user's own settings send it."""
    maven(wanted, draft, [])


def run_fresh_maven(wanted: list[Jar], draft: Path) -> None:
    """By Maven with an empty cache: it never checks again what it has, so a bad file there stays bad."""
    maven(wanted, draft, [f"-Dmaven.repo.local={draft / 'repository'}"])


def maven(wanted: list[Jar], draft: Path, options: list[str]) -> None:
    """Let Maven copy the jars, one by one: nothing is resolved, the lock is the truth."""
    program = shutil.which("mvn")
    if program is None:
        return
    project = draft / "pom.xml"
    project.write_text(project_of(wanted, draft))
    with suppress(subprocess.TimeoutExpired, OSError):
        subprocess.run(
            [program, "-q", "-B", "-f", project, *options, "dependency:copy"],
            cwd=draft,
            capture_output=True,
            check=False,
            timeout=MAVEN_TIMEOUT_S,
        )


def project_of(wanted: Iterable[Jar], draft: Path) -> str:
    """A project that copies the jars into the folder and does nothing else."""
    items = "".join(
        f"<artifactItem><groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId>"
        f"<version>{jar.version}</version></artifactItem>"
        for jar in wanted
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion>"
        "<groupId>ordermill</groupId><artifactId>jars</artifactId><version>1</version>"
        "<build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId>"
        f"<configuration><outputDirectory>{draft}</outputDirectory><artifactItems>{items}</artifactItems>"
        "</configuration></plugin></plugins></build></project>"
    )


def run_fetcher(wanted: list[Jar], draft: Path) -> None:
    """By the fetcher among our Python packages, each jar by itself: its own resolving mixes versions."""
    try:
        import truststore  # noqa: PLC0415  only the first start needs these, and they take a moment
        from jgo.maven import MavenContext  # noqa: PLC0415
    except ImportError:
        return
    truststore.inject_into_ssl()  # behind a proxy that opens TLS only the system's certificates help
    try:
        context = MavenContext(repo_cache=draft / "repository", timeout=FETCH_TIMEOUT_S)
        with ThreadPoolExecutor(FETCH_THREADS) as threads:
            list(threads.map(lambda jar: fetch(context, jar, draft / jar.name), wanted))
    finally:
        truststore.extract_from_ssl()


def fetch(context: MavenContext, jar: Jar, target: Path) -> None:
    """One jar, or nothing: whether what came is right is for the lock to say."""
    # Whatever the fetcher raises, the next source gets its chance.
    with suppress(Exception):
        Path(context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()).replace(target)


def known_sources() -> Iterator[tuple[str, Source]]:
    """Where jars may come from, the cheapest first."""
    yield "Maven's local repository", copy_local
    if shutil.which("mvn"):
        yield "Maven", run_maven
    yield "the network", run_fetcher
    if shutil.which("mvn"):
        yield "Maven with an empty cache", run_fresh_maven
