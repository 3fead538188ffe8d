"""Which plan wins, and why each other lost."""

from collections.abc import Mapping
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.core.network import Lane, Tariff
from services.inventory.core.sourcing import HANDLING, Choice, Wanted, choose
from tests.unit.inventory.builders import LONDON, RATES, day, network, tariff

NETWORK = network()


def sourced(
    available: Mapping[str, Mapping[str, int]],
    wanted_on: date | None = None,
    lanes: tuple[Lane, ...] = (),
    **units: int,
) -> Choice:
    wanted = Wanted(units, dict.fromkeys(units, 500), LONDON, wanted_on)
    return choose(wanted, available, network(*lanes) if lanes else NETWORK)


def winner(choice: Choice) -> dict[str, dict[str, int]]:
    assert choice.plan
    return {leg.location_id: dict(leg.units) for leg in choice.plan.legs}


def reasons(choice: Choice) -> dict[tuple[str, ...], str]:
    return {lost.plan.locations: lost.because for lost in choice.lost}


def test_the_cheapest_location_that_has_everything_wins() -> None:
    choice = sourced({"LON": {"A": 2}, "BRS": {"A": 9}, "EDI": {"A": 9}}, A=2)

    assert winner(choice) == {"LON": {"A": 2}}
    assert choice.plan
    assert choice.plan.cost == HANDLING + 100
    assert reasons(choice) == {("BRS",): "cost", ("EDI",): "cost"}


def test_of_two_that_are_equal_in_all_the_other_lost_by_its_location() -> None:
    lanes = (Lane(frozenset(), "*", (), tariff(100, 2)),)

    choice = sourced({"LON": {"A": 1}, "BRS": {"A": 1}}, None, lanes, A=1)

    assert winner(choice) == {"BRS": {"A": 1}}
    assert reasons(choice) == {("LON",): "location"}


def test_a_location_without_stock_is_no_plan() -> None:
    assert reasons(sourced({"LON": {"A": 2}, "BRS": {"B": 1}, "EDI": {}}, A=2)) == {}


def test_one_dear_shipment_beats_two_cheap_ones() -> None:
    choice = sourced({"LON": {"A": 1}, "BRS": {"B": 1}, "EDI": {"A": 1, "B": 1}}, A=1, B=1)

    assert winner(choice) == {"EDI": {"A": 1, "B": 1}}
    assert reasons(choice) == {("BRS", "LON"): "cost", ("LON",): "backordered", ("BRS",): "backordered"}


def test_a_split_wins_where_no_location_has_everything() -> None:
    choice = sourced({"LON": {"A": 2}, "BRS": {"A": 1}, "EDI": {"A": 1}}, A=3)

    assert winner(choice) == {"BRS": {"A": 1}, "LON": {"A": 2}}
    assert reasons(choice)["EDI", "LON"] == "cost"


def test_a_late_plan_loses_although_it_is_cheaper() -> None:
    lanes = (
        Lane(frozenset(["LON"]), "*", (), tariff(100, 2)),
        Lane(frozenset(["BRS"]), "*", (), tariff(900, 1)),
    )
    available = {"LON": {"A": 1}, "BRS": {"A": 1}}

    choice = sourced(available, day(3), lanes, A=1)

    assert winner(choice) == {"BRS": {"A": 1}}
    assert reasons(choice) == {("LON",): "date"}
    assert winner(sourced(available, day(4), lanes, A=1)) == {"LON": {"A": 1}}


def test_carriage_is_paid_for_what_the_units_weigh_together() -> None:
    by_weight = Tariff(carrier="c", service="s", transit_days=1, weights_g=(500, 30_000), amounts=(100, 900))
    lanes = (Lane(frozenset(["LON"]), "*", (), by_weight), Lane(frozenset(["BRS"]), "*", (), tariff(300, 1)))
    available = {"LON": {"A": 3}, "BRS": {"A": 3}}

    assert [winner(sourced(available, None, lanes, A=units)) for units in (1, 3)] == [
        {"LON": {"A": 1}},
        {"BRS": {"A": 3}},
    ]


def test_a_split_arrives_with_its_last_shipment() -> None:
    choice = sourced({"LON": {"A": 1}, "BRS": {"A": 1}, "EDI": {"A": 1}}, A=3)

    assert winner(choice) == {"BRS": {"A": 1}, "EDI": {"A": 1}, "LON": {"A": 1}}
    assert choice.plan
    assert (choice.plan.deliver_by, choice.plan.locations) == (day(4), ("BRS", "EDI", "LON"))


def test_of_splits_alike_the_first_location_sends_most() -> None:
    available = {"LON": {"A": 2}, "BRS": {"A": 2}}

    for asked in (available, dict(reversed(available.items()))):
        assert winner(sourced(asked, A=3)) == {"BRS": {"A": 2}, "LON": {"A": 1}}


def test_the_first_to_arrive_wins_when_all_are_late() -> None:
    choice = sourced({"LON": {"A": 1}, "EDI": {"A": 1}}, day(1), A=1)

    assert winner(choice) == {"LON": {"A": 1}}
    assert reasons(choice) == {("EDI",): "date"}


def test_equal_plans_are_told_apart_by_location() -> None:
    lanes = (Lane(frozenset(), "*", (), tariff(100, 1)),)

    choice = sourced({"EDI": {"A": 1}, "BRS": {"A": 1}}, None, lanes, A=1)

    assert winner(choice) == {"BRS": {"A": 1}}


def test_nothing_is_chosen_where_nobody_has_anything() -> None:
    assert sourced({"LON": {}}, A=1) == Choice(None, "GBP")


def test_what_nobody_has_is_backordered_in_every_plan() -> None:
    choice = sourced({"LON": {"A": 1}, "BRS": {"A": 1}, "EDI": {"B": 1}}, A=5)

    assert winner(choice) == {"BRS": {"A": 1}, "LON": {"A": 1}}
    assert choice.plan
    assert choice.plan.backordered == 3


UNITS = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 5), min_size=1)
AVAILABLE = st.dictionaries(st.sampled_from(list(RATES)), st.dictionaries(st.sampled_from("ABC"), st.integers(1, 5)))


@given(UNITS, AVAILABLE, st.one_of(st.none(), st.dates(day(1), day(9))))
def test_a_plan_takes_no_more_than_there_is(
    units: dict[str, int], available: dict[str, dict[str, int]], wanted_on: date | None
) -> None:
    choice = sourced(available, wanted_on, (), **units)

    taken = winner(choice) if choice.plan else {}
    reachable = {
        sku: min(wanted, sum(there.get(sku, 0) for there in available.values())) for sku, wanted in units.items()
    }
    assert all(quantity <= available[name][sku] for name, leg in taken.items() for sku, quantity in leg.items())
    assert {sku: sum(leg.get(sku, 0) for leg in taken.values()) for sku in units} == reachable
    assert not choice.plan or choice.plan.backordered == sum(units.values()) - sum(reachable.values())


@given(UNITS, AVAILABLE)
def test_the_same_question_has_the_same_answer(units: dict[str, int], available: dict[str, dict[str, int]]) -> None:
    turned = dict(reversed(available.items()))

    assert sourced(available, None, (), **units) == sourced(turned, None, (), **units)


@given(UNITS, AVAILABLE, st.one_of(st.none(), st.dates(day(1), day(9))))
def test_the_number_of_plans_is_bounded(
    units: dict[str, int], available: dict[str, dict[str, int]], wanted_on: date | None
) -> None:
    assert len(sourced(available, wanted_on, (), **units).lost) < 2 * max(1, len(available))
