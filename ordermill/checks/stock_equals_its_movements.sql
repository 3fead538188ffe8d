-- always: What lies in a bin is the sum of its movements.
select sku, location_id, bin, stock.on_hand, coalesce(moved.units, 0) as moved
from inventory.stock
left join (
    select sku, stock_owner, location_id, bin, sum(quantity) as units
    from inventory.movement where value is not null
    group by sku, stock_owner, location_id, bin
) as moved using (sku, stock_owner, location_id, bin)
where stock.on_hand <> coalesce(moved.units, 0)
