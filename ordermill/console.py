"""`ordermill console`: where the console is, how to sign in, who may, and a fresh read model."""

from __future__ import annotations

from cyclopts import App

from ordermill import services, stack, users
from ordermill.options import Json
from ordermill.render import print_json
from ordermill.services import ROLES, console_address, console_password
from ordermill.stack import Stack

app = App(name="console", help="Tell where the console is and how to sign in; its users; its read model anew.")
app.command(users.app)
PROJECTOR = "console"


@app.default
def console(*, as_json: Json = False) -> None:
    """Tell where the console is, and the first account of each role.

    A password that was changed in the console is not told here: it is kept nowhere.

    Args:
        as_json: Print it as JSON.
    """
    running = stack.current()
    if as_json:
        accounts = {role: console_password(running, role) for role in ROLES}
        print_json({"address": console_address(running), "accounts": accounts})
        return
    print(f"Console   {console_address(running)}")
    for role in ROLES:
        print(f"  sign in as {role:<9} {console_password(running, role)}")


@app.command
def rebuild() -> int:
    """Replay everything that the topics hold into a fresh read model, and put it in the old one's place.

    Pages show the old one meanwhile. Exit code 1 if it still stands.
    """
    projector = next(program for program in services.programs() if program.name == PROJECTOR)
    return services.once(stack.current(), projector, "rebuild")


def how_to_sign_in(running: Stack) -> str:
    """On one line."""
    return f"{console_address(running)}  (sign in as operator, {console_password(running, 'operator')})"
