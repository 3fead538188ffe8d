"""`python -m ordermill.prepare`: make topics and tables before the services start, once a release.

For containers: it needs neither the embedded stack nor a terminal. The servers come from ORDERMILL_KAFKA and
ORDERMILL_DATABASE_URL (a superuser's), each role's password from <ROLE>_DATABASE_PASSWORD, or from the file that
<ROLE>_DATABASE_PASSWORD_FILE names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from chassis.migrate import migrate_all
from ordermill.errors import CommandError
from ordermill.topics import create_topics

SERVICES = Path(__file__).resolve().parent.parent / "services"


def setting(name: str) -> str:
    """A setting, or the content of the file that NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    if value := os.environ.get(name):
        return value
    raise CommandError(f"{name} is missing", f"set it, or {name}_FILE to a file that holds it")


def password_of(role: str) -> str:
    """The password a role will have."""
    return setting(f"{role.upper()}_DATABASE_PASSWORD")


async def prepare() -> None:
    """Topics first: a service that starts early finds them, and waits for its tables."""
    replication = int(os.environ.get("ORDERMILL_REPLICATION", "1"))
    made = await create_topics(setting("ORDERMILL_KAFKA"), replication=replication)
    print(f"topics: {len(made)} made", flush=True)
    await migrate_all(setting("ORDERMILL_DATABASE_URL"), SERVICES, password_of)
    print("tables: up to date", flush=True)


def main() -> int:
    """Prepare both servers; tells by its exit code whether they are."""
    try:
        asyncio.run(prepare())
    except CommandError as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
