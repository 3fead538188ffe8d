-- always
-- Reserved units are exactly those that orders hold: promised in a bin, or allocated and not yet gone.
with held as (
    select sku, stock_owner, location_id, bin, quantity from inventory.claim where bin is not null
    union all
    select demand_line.sku, demand.stock_owner, allocation.location_id, allocation.bin,
        allocation.quantity - allocation.dispatched
    from inventory.allocation
    inner join inventory.demand using (order_id)
    inner join inventory.demand_line using (order_id, line_id)
),

holdings as (
    select sku, stock_owner, location_id, bin, sum(quantity) as quantity
    from held
    group by sku, stock_owner, location_id, bin
)

select sku, location_id, bin, stock.reserved, holdings.quantity as held
from inventory.stock
full join holdings using (sku, stock_owner, location_id, bin)
where coalesce(stock.reserved, 0) <> coalesce(holdings.quantity, 0)
