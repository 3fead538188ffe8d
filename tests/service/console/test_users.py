"""`ordermill console users` on a real PostgreSQL: who is let in, and who is not."""

import secrets

import pytest

from ordermill.errors import CommandError
from ordermill.users import accounts_now, added, removed
from services.console.core.passwords import fault_of, is_password
from services.console.core.roles import Role
from services.console.store import accounts
from tests.service.console.conftest import Model


async def test_an_account_made_by_command_has_the_password_that_was_told(model: Model) -> None:
    password = await model.write(lambda tx: added(tx, "kim", Role.OPERATOR, "ops"))

    known = await model.write(lambda tx: accounts.account_named(tx, "kim"))

    assert isinstance(password, str)
    assert isinstance(known, accounts.Credentials)
    assert is_password(password, known.verifier)
    assert fault_of(password) == ""
    assert (known.role, known.is_enabled) == (Role.OPERATOR, True)


@pytest.mark.parametrize("name", ["kim", "Kim", "", "kim;", "kim\n", "k" * 65])
async def test_a_name_that_is_taken_or_none_is_refused(model: Model, name: str) -> None:
    await model.write(lambda tx: added(tx, "kim", Role.ADMIN, "ops"))

    with pytest.raises(CommandError):
        await model.write(lambda tx: added(tx, name, Role.VIEWER, "ops"))

    assert [row["role"] for row in await model.bench.rows("select role from account")] == ["admin"]


async def test_who_is_taken_away_leaves_no_session_behind(model: Model) -> None:
    await model.write(lambda tx: added(tx, "kim", Role.VIEWER, "ops"))
    await model.bench.rows(
        "insert into session (token_sha256, account, csrf, ends_at) values ($1, 'kim', 'x', now() + interval '1 day')",
        secrets.token_bytes(32),
    )

    await model.write(lambda tx: removed(tx, "kim"))

    assert await model.bench.rows("select * from session") == []
    assert await model.write(accounts_now) == []
    with pytest.raises(CommandError, match="no account"):
        await model.write(lambda tx: removed(tx, "kim"))


async def test_the_only_admin_who_can_sign_in_stays(model: Model) -> None:
    for name in ("ada", "kim"):
        await model.write(lambda tx, name=name: added(tx, name, Role.ADMIN, "ops"))
    await model.write(lambda tx: accounts.set_enabled(tx, "kim", is_enabled=False))

    with pytest.raises(CommandError, match="only admin"):
        await model.write(lambda tx: removed(tx, "ada"))
    await model.write(lambda tx: removed(tx, "kim"))

    assert [row["name"] for row in await model.bench.rows("select name from account")] == ["ada"]
