"""Which goods go into which carton: the first cartonization, before anything is picked.

First-fit decreasing by volume, counted and not unit by unit, so that a line of 80,000 costs what a line of one costs.
Few parcels come first, because carriage costs more than cardboard; then each parcel takes the cheapest carton that
holds it.  What fits is judged without a three-dimensional packing:

- a unit must fit by its sides, turned any way;
- one line alone may fill a carton as far as a grid of its boxes goes, which is a packing that exists;
- a mixture may fill a carton by volume up to a percentage, because gaps remain between unlike boxes;
- the weight must keep below the carton's limit.

What fits into no carton ships as it is, each unit a parcel of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from services.fulfillment.core.catalogue import OWN_PACKAGING, Carton, Item, Size, volume_mm3

FILL_PERCENT_MAX = 85
"""How full a mixture may make a carton; packers reach 80-90 % with unlike boxes, and dunnage needs room."""

Contents = dict[str, int]
"""Units by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Units of one line that must be packed."""

    line_id: str
    item: Item
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedParcel:
    """A carton and what goes into it, with what it will weigh and what must be stuffed."""

    carton_id: str
    lines: tuple[tuple[str, int], ...]
    weight_g: int
    fill_percent: int
    dunnage_ml: int


@dataclass(frozen=True, slots=True)
class _Goods:
    """A demand with its measures at hand."""

    line_id: str
    size: Size
    volume: int
    weight_g: int
    quantity: int


def cartonize(
    demands: Sequence[Demand], cartons: Sequence[Carton], fill_percent_max: int = FILL_PERCENT_MAX
) -> list[PlannedParcel]:
    """Plan the parcels of one shipment; every unit is in exactly one of them."""
    packable: dict[str, _Goods] = {}
    oversize: list[_Goods] = []
    for good in _decreasing(demands):
        if any(_alone(good, carton) for carton in cartons):
            packable[good.line_id] = good
        else:
            oversize.append(good)
    plan = _Plan(packable, sorted(cartons, key=_cheapness), sorted(cartons, key=_roominess), fill_percent_max)
    return [*plan.parcels(), *(parcel for good in oversize for parcel in _unpacked(good))]


def dunnage_ml(inner: Size, goods_mm3: int) -> int:
    """Tell how much room of a carton must be stuffed so that nothing moves."""
    return max(volume_mm3(inner) - goods_mm3, 0) // 1000


def fill_percent(inner: Size, goods_mm3: int) -> int:
    """Tell how much of a carton is goods, rounded down."""
    return min(goods_mm3 * 100 // volume_mm3(inner), 100)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One shipment's goods and the cartons in the two orders in which they are tried."""

    goods: Mapping[str, _Goods]
    cheapest_first: Sequence[Carton]
    roomiest_first: Sequence[Carton]
    fill_percent_max: int

    def parcels(self) -> Iterator[PlannedParcel]:
        """Fill carton after carton with the biggest goods that still fit, until the rest fits into one."""
        rest = {line_id: good.quantity for line_id, good in self.goods.items()}
        while rest:
            carton = self.cheapest_for(rest)
            contents = rest if carton else self.filled(self._opened_for(rest), rest)
            # The same filling repeats as long as each of its lines lasts: count, do not search again.
            alike = min(rest[line_id] // units for line_id, units in contents.items())
            parcel = self._parcel(contents, carton or self.cheapest_for(contents))
            rest = {line_id: left for line_id, had in rest.items() if (left := had - alike * contents.get(line_id, 0))}
            yield from (parcel for _ in range(alike))

    def cheapest_for(self, contents: Mapping[str, int]) -> Carton | None:
        """Choose the cheapest carton that holds all of it; of equals the smallest."""
        goods = [(self.goods[line_id], units) for line_id, units in contents.items()]
        weight = sum(good.weight_g * units for good, units in goods)
        volume = sum(good.volume * units for good, units in goods)
        for carton in self.cheapest_first:
            fits = len(goods) == 1 or volume <= self._usable(carton)
            if fits and weight <= carton.weight_g_max and all(units <= _alone(good, carton) for good, units in goods):
                return carton
        return None

    def filled(self, carton: Carton, rest: Mapping[str, int]) -> Contents:
        """Take of each line, biggest goods first, as many units as still fit into the carton."""
        contents: Contents = {}
        volume, weight = self._usable(carton), carton.weight_g_max
        for line_id, left in rest.items():
            good = self.goods[line_id]
            units = min(left, _alone(good, carton), _most(weight, good.weight_g, left))
            if contents:  # a mixture must leave room; the first line is bounded by its grid
                units = min(units, max(volume, 0) // good.volume)
            if units:
                contents[line_id] = units
                volume, weight = volume - units * good.volume, weight - units * good.weight_g
        return contents

    def _opened_for(self, rest: Mapping[str, int]) -> Carton:
        """Open the roomiest carton that holds the biggest goods left: fewest parcels."""
        biggest = self.goods[next(iter(rest))]
        return next(carton for carton in self.roomiest_first if _alone(biggest, carton))

    def _usable(self, carton: Carton) -> int:
        return volume_mm3(carton.inner) * self.fill_percent_max // 100

    def _parcel(self, contents: Mapping[str, int], carton: Carton | None) -> PlannedParcel:
        assert carton is not None, "a filling came out of a carton that does not hold it"
        volume = sum(self.goods[line_id].volume * units for line_id, units in contents.items())
        weight = sum(self.goods[line_id].weight_g * units for line_id, units in contents.items())
        return PlannedParcel(
            carton_id=carton.carton_id,
            lines=tuple(contents.items()),
            weight_g=carton.tare_g + weight,
            fill_percent=fill_percent(carton.inner, volume),
            dunnage_ml=dunnage_ml(carton.inner, volume),
        )


def _decreasing(demands: Sequence[Demand]) -> list[_Goods]:
    """Biggest goods first, heavier first among equals; the line decides the rest, so that a plan repeats itself."""
    goods = [
        _Goods(demand.line_id, demand.item.size, volume_mm3(demand.item.size), demand.item.weight_g, demand.quantity)
        for demand in demands
        if demand.quantity
    ]
    assert len({good.line_id for good in goods}) == len(goods), "a line demands once"
    return sorted(goods, key=lambda good: (-good.volume, -good.weight_g, good.line_id))


def _cheapness(carton: Carton) -> tuple[int, int, str]:
    return (carton.cost, volume_mm3(carton.inner), carton.carton_id)


def _roominess(carton: Carton) -> tuple[int, int, int, str]:
    return (-volume_mm3(carton.inner), -carton.weight_g_max, carton.cost, carton.carton_id)


def _alone(good: _Goods, carton: Carton) -> int:
    """Tell how many units of one line a carton holds when nothing else is in it."""
    grid = units_in_grid(good.size, carton.inner)
    return min(grid, _most(carton.weight_g_max, good.weight_g, grid))


def _most(limit: int, each: int, otherwise: int) -> int:
    """Tell how often `each` goes into the limit; what weighs nothing meets no limit."""
    return limit // each if each else otherwise


@lru_cache(maxsize=65_536)  # items by cartons: the same pairs come with every order
def units_in_grid(size: Size, inner: Size) -> int:
    """Count the boxes of the best grid, all turned the same way: the best of six turns."""
    return max(
        (inner[0] // length) * (inner[1] // width) * (inner[2] // height)
        for length, width, height in permutations(size)
    )


def _unpacked(good: _Goods) -> Iterator[PlannedParcel]:
    parcel = PlannedParcel(
        carton_id=OWN_PACKAGING, lines=((good.line_id, 1),), weight_g=good.weight_g, fill_percent=100, dunnage_ml=0
    )
    yield from (parcel for _ in range(good.quantity))
