-- always
-- Units that came in are those that purchases received, item by item.
with booked as (
    select sku, stock_owner, sum(purchase_line.received) as quantity
    from inventory.purchase_line
    inner join inventory.purchase using (purchase_order_id)
    group by sku, stock_owner
),

moved as (
    select sku, stock_owner, sum(quantity) as quantity from inventory.movement where kind = 'received'
    group by sku, stock_owner
)

select sku, booked.quantity as booked, moved.quantity as moved
from booked
full join moved using (sku, stock_owner)
where coalesce(booked.quantity, 0) <> coalesce(moved.quantity, 0)
