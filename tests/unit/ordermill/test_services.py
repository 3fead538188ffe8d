"""Which programs the stack runs, and what each is told about its surroundings."""

import json
from dataclasses import replace

import pytest

from ordermill import services
from ordermill.access import database_url, password_of
from ordermill.services import API, LABELS, PAGES, SLIPS, WORLD, Program
from ordermill.serving import taken_at
from ordermill.stack import Home, Stack, Status

PLACES = {
    "provider": 15001, "smtp": 15002, "http": 15003, "billing": 15004, "notifications": 15005, API: 15006,
    "labels": 15008, "slips": 15009,
}  # fmt: skip


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    home = Home(tmp_path_factory.mktemp("home"))
    return Stack(home, "127.0.0.1:9092", "postgresql://postgres:se%40cret@127.0.0.1:5432/ordermill")


def test_every_service_is_a_program_beside_the_world_and_the_edge() -> None:
    names = [program.name for program in services.programs()]
    assert names[0] == WORLD
    assert {API, PAGES, *services.service_names()} <= set(names)


def test_each_role_has_a_password_of_its_own(stack: Stack) -> None:
    assert password_of(stack, "billing") == password_of(stack, "billing")
    assert password_of(stack, "billing") != password_of(stack, "intake")


def test_no_password_can_be_told_from_an_address_without_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    address = "postgresql://postgres@db:5432/ordermill"
    ours, theirs = (Stack(Home(tmp_path_factory.mktemp("home")), "kafka:9092", address) for _ in range(2))

    assert password_of(ours, "billing") == password_of(ours, "billing")
    assert password_of(ours, "billing") != password_of(theirs, "billing")
    assert (ours.home.path / "secret").stat().st_mode & 0o077 == 0


def test_nobody_is_simulated_where_the_world_is_real() -> None:
    assert {program.name for program in services.programs()} - {p.name for p in services.inside()} == {WORLD}


def test_a_service_reaches_the_database_in_its_own_role_only(stack: Stack) -> None:
    url = database_url(stack, "billing")
    assert url.startswith(f"postgresql://billing:{password_of(stack, 'billing')}@127.0.0.1:5432/ordermill")
    assert "se%40cret" not in url


def test_billing_finds_the_payment_provider_of_the_world(stack: Stack) -> None:
    environment = services.environment(stack, Program("billing", "services.billing"), PLACES, {})
    assert environment["BILLING_PROVIDER_URL"] == "http://127.0.0.1:15001"
    assert environment["BILLING_HEALTH_PORT"] == "15004"


def test_the_edge_keeps_nothing_and_so_gets_no_database(stack: Stack) -> None:
    environment = services.environment(stack, Program(API, "services.intake", ("api",)), PLACES, {})
    assert "INTAKE_API_DATABASE_URL" not in environment
    assert "whsec_" in environment["INTAKE_API_SECRETS"]


def test_the_edge_is_found_where_it_was_told_to_listen(stack: Stack) -> None:
    address = services.orders_address(stack)

    port = json.loads((stack.home.path / "services.json").read_text())["http"]
    assert address == f"http://127.0.0.1:{port}/v1/orders"


def test_status_says_where_orders_are_taken_while_anybody_takes_them(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERMILL_HOME", str(stack.home.path))
    monkeypatch.setenv("ORDERMILL_DATABASE_URL", stack.admin_url)
    stack.home.clients.write_text('{"kafka": "127.0.0.1:9092"}')
    runs = Status(str(stack.home.path), is_ready=True, kafka=None, postgres=None, processes={API: 1})

    assert taken_at(runs) == services.orders_address(stack)
    assert taken_at(replace(runs, is_ready=False)) is None
    assert taken_at(replace(runs, processes={"intake": 1})) is None


def test_the_pages_work_in_the_consoles_role_and_find_everybody(stack: Stack) -> None:
    told = {program.name: 15100 + number for number, program in enumerate(services.programs())}
    program = Program(PAGES, "services.console", ("web",))

    environment = services.environment(stack, program, {**PLACES, "pages": 15007, **told}, {})

    assert environment["CONSOLE_WEB_DATABASE_URL"] == database_url(stack, "console")
    assert set(json.loads(environment["CONSOLE_WEB_SERVICES"])) == {
        *services.service_names(),
        API,
        LABELS,
        SLIPS,
        "console",
        services.AUDITOR,
    }
    accounts = json.loads(environment["CONSOLE_WEB_FIRST_ACCOUNTS"])
    assert accounts["operator"]["password"] == services.console_password(stack, "operator")
    assert len({account["password"] for account in accounts.values()}) == len(services.ROLES)


def test_what_the_user_set_for_a_program_wins(stack: Stack) -> None:
    users = {"BILLING_PROVIDER_URL": "http://elsewhere", "INTAKE_BATCH_SIZE": "7"}
    environment = services.environment(stack, Program("billing", "services.billing"), PLACES, users)
    assert environment["BILLING_PROVIDER_URL"] == "http://elsewhere"
    assert "INTAKE_BATCH_SIZE" not in environment


def test_the_auditor_reads_the_database_in_its_own_role(stack: Stack) -> None:
    auditor = next(program for program in services.programs() if program.name == services.AUDITOR)
    environment = services.environment(stack, auditor, {**PLACES, services.AUDITOR: 15007}, {})
    assert environment["AUDITOR_DATABASE_URL"] == database_url(stack, "auditor")
    assert services.AUDITOR not in {program.name for program in services.measured()}
