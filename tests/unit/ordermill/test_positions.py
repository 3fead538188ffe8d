"""Where the simulated outside goes on when it is started again."""

from ordermill.world.positions import Place, Positions


def at(offset: int, partition: int = 0) -> Place:
    return Place("intake-orders", partition, offset)


def test_it_goes_on_at_the_first_record_that_is_not_wholly_answered() -> None:
    positions = Positions()
    for offset, replies in ((7, 0), (8, 2), (9, 1)):
        positions.heard(at(offset), replies)

    positions.said(at(9))
    positions.said(at(8))
    assert positions.answered() == {("intake-orders", 0): 8}

    positions.said(at(8))
    assert positions.answered() == {("intake-orders", 0): 10}


def test_each_partition_has_a_place_of_its_own() -> None:
    positions = Positions()
    positions.heard(at(3), 1)
    positions.heard(at(40, partition=1), 0)

    assert positions.answered() == {("intake-orders", 0): 3, ("intake-orders", 1): 41}
