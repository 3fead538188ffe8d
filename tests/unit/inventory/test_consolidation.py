"""What has come waits for the rest of its order, as long as its promise allows."""

from datetime import timedelta

from services.inventory.core.consolidation import FLOOR_TIME, leave_on, may_wait
from services.inventory.core.demand import Claim, Demand, Line
from services.inventory.core.network import Promise
from services.inventory.core.stock import Place
from tests.unit.inventory.builders import MONDAY, day, demand, item, place

LEAVES = Promise(MONDAY + timedelta(days=4), day(9))


def wants(*claims: Claim) -> Demand:
    return demand(Line("1", item(), 500, claims))


def claim(where: Place | None, purchase: str | None = None, promise: Promise | None = LEAVES) -> Claim:
    return Claim("1", item(), 2, where, promise, purchase)


def test_what_has_come_waits_for_what_is_coming() -> None:
    order = wants(claim(place("LON")), claim(None, "PO-1"))
    last = LEAVES.ship_by - FLOOR_TIME
    assert [may_wait(order, at) for at in (MONDAY, last - timedelta(seconds=1), last)] == [True, True, False]


def test_nothing_waits_for_what_nobody_brings() -> None:
    assert not may_wait(wants(claim(place("LON"))), MONDAY)
    assert not may_wait(wants(claim(place("LON")), claim(None)), MONDAY)
    assert not may_wait(wants(claim(place("LON")), claim(None, "PO-1"), claim(None)), MONDAY)


def test_what_must_leave_first_says_how_long_the_rest_may_wait() -> None:
    sooner = LEAVES._replace(ship_by=LEAVES.ship_by - timedelta(days=2))

    assert leave_on([claim(place("LON")), claim(place("BRS"), promise=sooner)]) == sooner.ship_by - FLOOR_TIME


def test_what_was_never_promised_does_not_wait() -> None:
    assert not may_wait(wants(claim(place("LON"), promise=None), claim(None, "PO-1")), MONDAY)
    assert leave_on([]) is None
