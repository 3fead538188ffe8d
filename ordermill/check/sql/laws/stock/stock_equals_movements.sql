-- always
-- Stock equals its movements: on hand, picked and reserved, item by item and bin by bin.
with moved as (
    select
        sku, stock_owner, location_id, bin,
        coalesce(sum(quantity) filter (where kind in ('received', 'returned', 'adjusted', 'scrapped', 'dispatched')), 0)
            as on_hand,
        coalesce(sum(quantity) filter (where kind in ('picked', 'unpicked', 'dispatched')), 0) as picked,
        coalesce(sum(quantity) filter (where kind in ('reserved', 'released', 'dispatched')), 0) as reserved
    from inventory.movement
    group by sku, stock_owner, location_id, bin
)

select
    sku, location_id, bin,
    stock.on_hand, moved.on_hand as moved_on_hand,
    stock.picked, moved.picked as moved_picked,
    stock.reserved, moved.reserved as moved_reserved
from inventory.stock
full join moved using (sku, stock_owner, location_id, bin)
where
    (coalesce(stock.on_hand, 0), coalesce(stock.picked, 0), coalesce(stock.reserved, 0))
    is distinct from (coalesce(moved.on_hand, 0), coalesce(moved.picked, 0), coalesce(moved.reserved, 0))
