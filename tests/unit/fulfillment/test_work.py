"""The work of one shipment: where its units are picked, and into which cartons they go."""

from services.fulfillment.core.cartonization import Shelf
from services.fulfillment.core.catalogue import Carton, Item
from services.fulfillment.core.picking import Wanted
from services.fulfillment.core.work import Allocated, Catalogue, plan_work

LAMP = Item(sku="LAMP", name="Lamp", weight_g=900, size=(100, 100, 100))
BOX = Carton(carton_id="box", inner=(400, 200, 100), tare_g=250, weight_g_max=9_000, cost=1)
CATALOGUE = Catalogue(items={"LAMP": LAMP}, shelf=Shelf([BOX], 85), sequences={"LEIPZIG": {"A-01-1": 2, "B-01-1": 1}})


def allocated(*wanted: tuple[str, str, int], location_id: str = "LEIPZIG") -> Allocated:
    """Units of lines in bins."""
    return Allocated(
        shipment_id="o.1", order_id="o", location_id=location_id, ship_group_id="1", order_version=1,
        wanted=tuple(Wanted(line_id=line, sku="LAMP", bin=bin_, quantity=units) for line, bin_, units in wanted),
    )  # fmt: skip


def test_a_line_from_several_bins_is_packed_together() -> None:
    shipment = allocated(("1", "A-01-1", 3), ("1", "B-01-1", 2))

    work = plan_work(shipment, CATALOGUE)

    assert work.shipment is shipment
    assert [parcel.lines for parcel in work.parcels] == [(("1", 5),)]


def test_bins_are_visited_as_their_location_numbered_them() -> None:
    here, elsewhere = (
        [
            pick.bin
            for pick in plan_work(allocated(("1", "A-01-1", 1), ("2", "B-01-1", 1), location_id=name), CATALOGUE).picks
        ]
        for name in ("LEIPZIG", "BREMEN")
    )

    assert (here, elsewhere) == (["B-01-1", "A-01-1"], ["A-01-1", "B-01-1"])
    assert allocated(("1", "A-01-1", 1), ("2", "A-01-1", 1)).bins == {"A-01-1"}
