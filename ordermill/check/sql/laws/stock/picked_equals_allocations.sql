-- always
-- Picked units are exactly those that allocations say were picked and have not left.
with allocated as (
    select
        demand_line.sku, demand.stock_owner, allocation.location_id, allocation.bin,
        sum(allocation.picked - allocation.dispatched) as quantity
    from inventory.allocation
    inner join inventory.demand using (order_id)
    inner join inventory.demand_line using (order_id, line_id)
    group by demand_line.sku, demand.stock_owner, allocation.location_id, allocation.bin
)

select sku, location_id, bin, stock.picked, allocated.quantity as allocated
from inventory.stock
full join allocated using (sku, stock_owner, location_id, bin)
where coalesce(stock.picked, 0) <> coalesce(allocated.quantity, 0)
