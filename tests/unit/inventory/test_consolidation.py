"""What has come waits for the rest of its order, as long as its promise allows."""

from datetime import datetime, timedelta

from services.inventory.core.consolidation import FLOOR_TIME, Outlook, is_unsettled, leave_on, may_wait
from services.inventory.core.demand import Claim
from services.inventory.core.network import Promise
from services.inventory.core.stock import Place
from tests.unit.inventory.builders import MONDAY, day, item, place

LEAVES = Promise(MONDAY + timedelta(days=4), day(9))


def outlook(*, released: bool = True, waits: bool = True, coming: bool = True, nothing_here: bool = False) -> Outlook:
    return Outlook(released, waits, coming, None if nothing_here else LEAVES.ship_by)


def claim(where: Place | None, purchase: str | None = None, promise: Promise | None = LEAVES) -> Claim:
    return Claim("1", item(), 2, where, promise, purchase)


def test_what_has_come_waits_for_what_is_coming() -> None:
    last = LEAVES.ship_by - FLOOR_TIME
    assert [may_wait(outlook(), at) for at in (MONDAY, last - timedelta(seconds=1), last)] == [True, True, False]


def test_nothing_waits_for_what_nobody_brings() -> None:
    assert not may_wait(outlook(waits=False), MONDAY)
    assert not may_wait(outlook(coming=False), MONDAY)


def test_what_has_not_come_at_all_has_nothing_to_wait_with() -> None:
    assert not may_wait(outlook(nothing_here=True), MONDAY)


def test_an_order_is_sourced_again_when_it_cannot_wait_any_longer() -> None:
    late = LEAVES.ship_by
    cases: list[tuple[Outlook, datetime, bool]] = [
        (outlook(), MONDAY, False),
        (outlook(), late, True),
        (outlook(waits=False), MONDAY, True),
        (outlook(released=False), late, True),
        (outlook(released=False, waits=False), late, False),
    ]
    assert [is_unsettled(known, at) for known, at, _ in cases] == [expected for _, _, expected in cases]


def test_what_must_leave_first_says_how_long_the_rest_may_wait() -> None:
    sooner = LEAVES._replace(ship_by=LEAVES.ship_by - timedelta(days=2))

    assert leave_on([claim(place("LON")), claim(place("BRS"), promise=sooner)]) == sooner.ship_by - FLOOR_TIME


def test_what_was_never_promised_has_no_day_to_leave() -> None:
    assert leave_on([claim(place("LON"), promise=None)]) is None
    assert leave_on([]) is None
