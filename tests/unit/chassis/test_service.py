"""What an author declares of a service, and what is refused before it starts."""

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from chassis import Heard, Service, Turn
from contracts import intake, inventory, master
from contracts.desk import DeadLetterDecided
from contracts.event import Event
from contracts.topic import Service as Party
from tests.service.counter.service import Charge, Charged


async def take(_turn: Turn, _heard: Sequence[Heard[Event]]) -> None:
    """Take it, whatever it is."""


def test_an_event_that_the_registry_lets_others_hear_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"billing is not declared to hear intake\.contacts_recorded"):
        Service("billing").hears(intake.ContactsRecorded)


def test_an_event_is_taken_by_one_handler_alone() -> None:
    service = Service("billing")
    service.hears(intake.OrderReceived)(take)

    with pytest.raises(AssertionError, match=r"billing hears intake\.order_received\.v\d twice"):
        service.hears(intake.OrderReceived)(take)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (intake.OrderReceived, "intake-orders keeps every record"),
        (master.ItemDefined, "master-data is not this service's to restate"),
    ],
)
def test_only_the_own_topics_that_forget_are_said_again(event: type[Event], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        Service("intake").restates(event)


def test_each_way_to_take_an_event_has_its_own_handler() -> None:
    service = Service("intake")

    service.conflicts(intake.OrderReceived)(take)
    service.erases(intake.ContactsRecorded)(take)
    service.restates(intake.ContactsRecorded)(take)

    ways = {"conflicting": service.conflicting, "erasing": service.erasing, "restating": service.restating}
    assert {way: [route.event for route in routes.values()] for way, routes in ways.items()} == {
        "conflicting": [intake.OrderReceived],
        "erasing": [intake.ContactsRecorded],
        "restating": [intake.ContactsRecorded],
    }
    assert all(route.handle is take for routes in ways.values() for route in routes.values())


def test_a_service_reads_what_it_hears_and_what_it_must_say_again() -> None:
    service = Service("intake")
    assert [topic.name for topic in service.topics] == ["desk-decisions"]

    service.hears(inventory.OrderPromised)(take)
    service.restates(intake.ContactsRecorded)(take)

    assert {topic.name for topic in service.topics} == {"desk-decisions", "inventory-allocations", "intake-contacts"}


def test_a_service_says_what_is_on_its_own_topics_alone() -> None:
    assert Service("billing").says == {"billing-accounts", "billing-dead-letters"}


@pytest.mark.parametrize("party", Party)
def test_every_service_but_the_console_hears_what_operators_decide(party: Party) -> None:
    assert (DeadLetterDecided.type in Service(party.value).routes) == (party is not Party.CONSOLE)


def test_services_decide_beside_each_other_unless_they_say_otherwise() -> None:
    assert not Service("intake").exclusive


@pytest.mark.parametrize("said", [Charged(amount=3), Charge(amount=3)])
def test_what_a_service_says_to_itself_is_read_as_it_was_written(said: Charged | Charge) -> None:
    assert type(said).decode(said.encode()) == said
    with pytest.raises(ValidationError, match="frozen"):
        said.amount = 4  # type: ignore[misc]
