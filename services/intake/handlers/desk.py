"""What operators ask for: lift a hold, correct an address."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from chassis import Heard, Turn
from contracts import desk, intake
from services.intake import store, translate
from services.intake.core import address, lifecycle
from services.intake.core.reception import told
from services.intake.handlers.course import ORDER, Course, conclude, service

_LOG = structlog.stdlib.get_logger(__name__)

People = dict[str, tuple[intake.RecordedContact, ...]]


@service.hears(desk.HoldLiftRequested, needs=[ORDER])
async def lift_holds(turn: Turn, requests: Sequence[Heard[desk.HoldLiftRequested]]) -> None:
    """Lift what the desk may lift; say again that the rest stands."""
    course = await Course.of(turn, requests)
    for heard in requests:
        number = translate.hold_number(heard.subject, heard.event.hold_id)
        change = lifecycle.lift_asked(course.now[heard.subject], number, heard.event.actor)
        if not change.says:
            _LOG.warning("desk_request_void", order_id=heard.subject, request_id=heard.id, reason="no_such_hold")
        course.go(heard, change)
    await conclude(turn, course)


@service.hears(desk.AddressCorrected, needs=[ORDER])
async def correct_addresses(turn: Turn, corrections: Sequence[Heard[desk.AddressCorrected]]) -> None:
    """Take the right address over, tell who needs it, and lift what was held for it."""
    course = await Course.of(turn, corrections)
    rows = await store.contacts_of(turn, list(course.now))
    people = {order_id: translate.contacts_read(row) for order_id, row in rows.items()}
    changed = {heard.subject for heard in corrections if _correct(turn, course, people, heard)}
    kept = {order_id: translate.contacts_kept(people[order_id]) for order_id in changed}
    await store.put_contacts(turn, kept)
    await conclude(turn, course)


def _correct(turn: Turn, course: Course, people: People, heard: Heard[desk.AddressCorrected]) -> bool:
    correction, order = heard.event, course.now[heard.subject]
    before = translate.recipient(people.get(heard.subject, ()), correction.ship_group_id)
    if before is None or order.is_ended:
        _LOG.warning("desk_request_void", order_id=heard.subject, request_id=heard.id, reason="nothing_to_correct")
        return False
    name = (correction.contact or before).name
    if lacks := address.missing("ship", correction.address, name):
        course.go(heard, lifecycle.not_corrected(order, correction.ship_group_id, correction.actor, told(lacks)))
        return False
    order = replace(order, version=order.version + 1)
    people[heard.subject] = translate.with_correction(people[heard.subject], correction)
    turn.announce(heard, intake.ContactsRecorded(version=order.version, contacts=people[heard.subject]))
    turn.announce(heard, translate.changed(order.version, correction.ship_group_id, before.address, correction.address))
    course.go(heard, lifecycle.corrected(order, correction.ship_group_id, correction.actor))
    return True
