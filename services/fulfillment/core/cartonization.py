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
    """One item with its measures at hand."""

    volume: int
    weight_g: int
    alone: Mapping[str, int]
    """How many units each carton holds when nothing else is in it; cartons that hold none are left out."""


class Shelf:
    """The cartons to choose from, in the orders in which they are tried; it remembers which item fits which."""

    def __init__(self, cartons: Sequence[Carton], fill_percent_max: int) -> None:
        self.cheapest_first = sorted(cartons, key=_cheapness)
        self.roomiest_first = sorted(cartons, key=_roominess)
        self.usable = {one.carton_id: volume_mm3(one.inner) * fill_percent_max // 100 for one in cartons}
        self._goods: dict[str, _Goods] = {}

    def goods(self, item: Item) -> _Goods:
        """Measure an item against every carton, once."""
        if item.sku not in self._goods:
            capacities = ((carton.carton_id, _capacity(item, carton)) for carton in self.cheapest_first)
            alone = {carton_id: units for carton_id, units in capacities if units}
            self._goods[item.sku] = _Goods(volume_mm3(item.size), item.weight_g, alone)
        return self._goods[item.sku]


def cartonize(demands: Sequence[Demand], shelf: Shelf) -> list[PlannedParcel]:
    """Plan the parcels of one shipment; every unit is in exactly one of them."""
    ranked = sorted(((shelf.goods(demand.item), demand) for demand in demands if demand.quantity), key=_bigness)
    goods = {demand.line_id: good for good, demand in ranked}
    assert len(goods) == len(ranked), "a line demands once"
    packable = {demand.line_id: demand.quantity for good, demand in ranked if good.alone}
    oversize = [demand for good, demand in ranked if not good.alone]
    plan = _Plan(goods, shelf)
    return [*plan.parcels(packable), *(parcel for demand in oversize for parcel in _unpacked(demand))]


def dunnage_ml(inner: Size, goods_mm3: int) -> int:
    """Tell how much room of a carton must be stuffed so that nothing moves."""
    return max(volume_mm3(inner) - goods_mm3, 0) // 1000


def fill_percent(inner: Size, goods_mm3: int) -> int:
    """Tell how much of a carton is goods, rounded down."""
    return min(goods_mm3 * 100 // volume_mm3(inner), 100)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One shipment's goods by line, and the cartons."""

    goods: Mapping[str, _Goods]
    shelf: Shelf

    def parcels(self, rest: Contents) -> Iterator[PlannedParcel]:
        """Fill carton after carton with the biggest goods that still fit, until the rest fits into one."""
        while rest:
            carton = self.cheapest_for(rest)
            contents = rest if carton else self.filled(self._opened_for(rest), rest)
            # The same filling repeats as long as each of its lines lasts: count, do not search again.
            alike = min(rest[line_id] // units for line_id, units in contents.items())
            parcel = self._parcel(contents, carton or self.cheapest_for(contents))
            rest = {line_id: left for line_id, had in rest.items() if (left := had - alike * contents.get(line_id, 0))}
            yield from (parcel for _ in range(alike))

    def cheapest_for(self, contents: Contents) -> Carton | None:
        """Choose the cheapest carton that holds all of it; of equals the smallest."""
        volume, weight = self._measures(contents)
        is_mixture = len(contents) > 1
        for carton in self.shelf.cheapest_first:
            name = carton.carton_id
            if weight > carton.weight_g_max or (is_mixture and volume > self.shelf.usable[name]):
                continue
            if all(units <= self.goods[line_id].alone.get(name, 0) for line_id, units in contents.items()):
                return carton
        return None

    def filled(self, carton: Carton, rest: Contents) -> Contents:
        """Take of each line, biggest goods first, as many units as still fit into the carton."""
        contents: Contents = {}
        name, volume, weight = carton.carton_id, self.shelf.usable[carton.carton_id], carton.weight_g_max
        smallest = self.goods[next(reversed(rest))].volume
        for line_id, left in rest.items():
            if contents and volume < smallest:
                break
            good = self.goods[line_id]
            units = min(left, good.alone.get(name, 0))
            if units and contents:  # a mixture must leave room; the first line is bounded by its grid alone
                units = min(units, _most(weight, good.weight_g, left), volume // good.volume)
            if units > 0:
                contents[line_id] = units
                volume, weight = volume - units * good.volume, weight - units * good.weight_g
        return contents

    def _opened_for(self, rest: Contents) -> Carton:
        """Open the roomiest carton that holds the biggest goods left: fewest parcels."""
        biggest = self.goods[next(iter(rest))]
        return next(carton for carton in self.shelf.roomiest_first if carton.carton_id in biggest.alone)

    def _measures(self, contents: Contents) -> tuple[int, int]:
        volume = weight = 0
        for line_id, units in contents.items():
            good = self.goods[line_id]
            volume += good.volume * units
            weight += good.weight_g * units
        return volume, weight

    def _parcel(self, contents: Contents, carton: Carton | None) -> PlannedParcel:
        assert carton is not None, "a filling came out of a carton that does not hold it"
        volume, weight = self._measures(contents)
        return PlannedParcel(
            carton_id=carton.carton_id,
            lines=tuple(contents.items()),
            weight_g=carton.tare_g + weight,
            fill_percent=fill_percent(carton.inner, volume),
            dunnage_ml=dunnage_ml(carton.inner, volume),
        )


def _bigness(ranked: tuple[_Goods, Demand]) -> tuple[int, int, str]:
    """Biggest goods first, heavier first among equals; the line decides the rest, so that a plan repeats itself."""
    good, demand = ranked
    return (-good.volume, -good.weight_g, demand.line_id)


def _cheapness(carton: Carton) -> tuple[int, int, str]:
    return (carton.cost, volume_mm3(carton.inner), carton.carton_id)


def _roominess(carton: Carton) -> tuple[int, int, int, str]:
    return (-volume_mm3(carton.inner), -carton.weight_g_max, carton.cost, carton.carton_id)


def _capacity(item: Item, carton: Carton) -> int:
    """Tell how many units of one item a carton holds when nothing else is in it."""
    grid = units_in_grid(item.size, carton.inner)
    return min(grid, _most(carton.weight_g_max, item.weight_g, grid))


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


def _unpacked(demand: Demand) -> Iterator[PlannedParcel]:
    parcel = PlannedParcel(
        carton_id=OWN_PACKAGING,
        lines=((demand.line_id, 1),),
        weight_g=demand.item.weight_g,
        fill_percent=100,
        dunnage_ml=0,
    )
    yield from (parcel for _ in range(demand.quantity))
