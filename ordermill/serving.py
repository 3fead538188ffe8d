"""The commands that start, stop and look at the embedded stack."""

from __future__ import annotations

import dataclasses
import sys
import time
from importlib import import_module

from cyclopts.types import UInt16

from ordermill import stack
from ordermill.options import Flag, Json
from ordermill.render import print_json

MARKS = {"ok": "✓", "warning": "!", "failure": "✗"}


def step_by_step() -> stack.Progress:
    """Show each step on standard error, with the seconds since the first: standard output is for results."""
    begun = time.monotonic()

    def show(step: str) -> None:
        print(f"  {time.monotonic() - begun:5.1f} s  {step}", file=sys.stderr, flush=True)

    return show


def up(
    *,
    servers_only: Flag = False,
    world: bool | None = None,
    brokers: int = 1,
    kafka_port: UInt16 | None = None,
    postgres_port: UInt16 | None = None,
    as_json: Json = False,
) -> None:
    """Start Kafka, PostgreSQL, the services and the simulated outside world, or join what runs of them.

    Where ORDERMILL_KAFKA or ORDERMILL_DATABASE_URL names servers that run elsewhere, orders may be real: nobody outside
    is simulated there, unless you ask for it. The first start fetches Kafka's jars (44 MB). State survives. What died
    is started again; all of it runs until `ordermill down`.

    Args:
        servers_only: Start Kafka and PostgreSQL only.
        world: Simulate the payment provider, carriers, suppliers, the floor and the desk.
        brokers: 1, or 3 to try replication and the loss of a broker.
        kafka_port: The port for Kafka's clients; any free one if not given.
        postgres_port: The port for PostgreSQL; any free one if not given.
        as_json: Print where the servers are as JSON.
    """
    options = stack.Options(brokers=brokers, kafka_port=kafka_port, postgres_port=postgres_port)
    progress = step_by_step()
    running = stack.up(progress=progress, options=options, meanwhile=None if servers_only else import_services)
    addresses: dict[str, str] = {}
    if not servers_only:
        from ordermill import services  # noqa: PLC0415  the servers alone need none of it
        from ordermill.console import how_to_sign_in  # noqa: PLC0415  the same

        wants_world = not stack.is_elsewhere() if world is None else world
        services.start(running, progress, services.programs() if wants_world else services.inside())
        addresses = {"Console": how_to_sign_in(running), "Orders": services.orders_address(running)}
        addresses |= services.document_addresses(running)
    if as_json:
        servers = {"kafka": running.kafka, "postgres": running.address, "home": str(running.home.path)}
        print_json({**servers, "orders": addresses.get("Orders")})
        return
    for what, address in addresses.items():
        print(f"{what:<15}{address}")
    print(f"Kafka          {running.kafka}")
    secret = f"  (superuser's password: {running.home.password})" if running.home.password.exists() else ""
    print(f"PostgreSQL     {running.address}{secret}")
    print("They run until `ordermill down`.")


def import_services() -> None:
    """Import what starts the services, which takes half a second: the servers need two to boot."""
    import_module("ordermill.services")
    import_module("ordermill.console")


def down(*, wipe: Flag = False, as_json: Json = False) -> None:
    """Stop what runs in this home: the services first, then Kafka and PostgreSQL. Nothing else is touched.

    Args:
        wipe: Delete all state as well: every order, every topic.
        as_json: Print what was stopped as JSON.
    """
    stopped = stack.down(progress=step_by_step(), wipe=wipe)
    if as_json:
        print_json({"stopped": stopped})
        return
    print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")


def status(*, as_json: Json = False) -> int:
    """Show what runs in this home. Exit code 1 if the servers do not answer.

    Args:
        as_json: Print it as JSON.
    """
    found = stack.status()
    orders = taken_at(found)
    if as_json:
        print_json({**dataclasses.asdict(found), "orders": orders})
    else:
        print(f"Home        {found.home}")
        print(f"Kafka       {found.kafka or 'does not answer'}")
        print(f"PostgreSQL  {found.postgres or 'does not answer'}")
        if orders:
            print(f"Orders      {orders}")
        for name, pid in found.processes.items():
            print(f"  {name:<16} process {pid}")
        if not found.is_ready:
            print("Start it with: ordermill up")
    return 0 if found.is_ready else 1


def taken_at(found: stack.Status) -> str | None:
    """Where orders are taken, while anybody takes them."""
    from ordermill import services  # noqa: PLC0415  as above

    if not found.is_ready or services.API not in found.processes:
        return None
    return services.orders_address(stack.current())


def doctor(*, as_json: Json = False) -> int:
    """Look for what keeps the stack from starting, and say what to do. Exit code 1 if something does.

    Args:
        as_json: Print the findings as JSON.
    """
    from ordermill.stack.doctor import examine  # noqa: PLC0415  only this command needs it

    findings = examine(stack.Home.chosen())
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{MARKS[finding.verdict]} {finding.subject}: {finding.detail}")
            if finding.mend:
                print(f"    {finding.mend}")
    return 1 if any(finding.verdict == "failure" for finding in findings) else 0
