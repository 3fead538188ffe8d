"""The root of the command line: which commands there are, and how a failure is told.

Each command lives in a module of its own and is imported when it runs, so that `--help` and mistakes are quick. To
add one, write `ordermill/<command>.py` and add a line to COMMANDS; a failure that the user can mend is a CommandError.
"""

from __future__ import annotations

import sys

from cyclopts import App

from ordermill.errors import CommandError

# Name: where it is, and the line that `ordermill --help` shows without importing it.
COMMANDS = {
    "up": ("ordermill.serving:up", "Start the servers, the services and the outside world."),
    "down": ("ordermill.serving:down", "Stop all that runs in this home."),
    "status": ("ordermill.serving:status", "Show what runs, and whether it answers."),
    "doctor": ("ordermill.serving:doctor", "Find what keeps the stack from starting."),
    "demo": ("ordermill.demo:demo", "Run orders through everything, and check that it ties."),
    "bench": ("ordermill.bench:bench", "Measure the pipeline beside the least it could cost."),
    "publish": ("ordermill.publish:publish", "Publish a file of messages as somebody outside."),
    "console": ("ordermill.console:app", "Tell where the console is, and how to sign in."),
    "order": ("ordermill.order:order", "Tell one order's whole story from the topics."),
    "dead-letters": ("ordermill.dead_letters:app", "See what no service could handle, and decide."),
    "check": ("ordermill.check:check", "Check that stock, money, orders and logs tie."),
    "topics": ("ordermill.lag:topics", "List the topics: owner, readers, messages."),
    "lag": ("ordermill.lag:lag", "Tell how far each service is behind."),
}
HELP = """\
Ordermill: an order management system on Apache Kafka and PostgreSQL.

Begin with `ordermill up` (or `make demo`, which does more), look with `ordermill status`, end with `ordermill down`.
State lives in `.ordermill` in the checkout, or where ORDERMILL_HOME says. ORDERMILL_KAFKA and ORDERMILL_DATABASE_URL
select servers that run elsewhere. Every command takes `--json`.
"""
INTERRUPTED = 130


def root(named: str | None) -> App:
    """The root with every command; the one that is named tells about itself in full."""
    app = App(name="ordermill", help=HELP, version_flags=[], help_format="markdown")
    for name, (place, line) in COMMANDS.items():
        app.command(place, name=name, help=None if name == named else line)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run one command; tells by its exit code whether it did what was asked."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        result = root(arguments[0] if arguments else None)(arguments, result_action="return_value")
    except CommandError as error:
        print(f"ordermill: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ordermill: interrupted", file=sys.stderr)
        return INTERRUPTED
    return result if isinstance(result, int) else 0
