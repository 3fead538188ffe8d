-- Units of an item at all places, in all orders: whoever got them.
with wanted as (
    select
        sku, stock_owner, sum(ordered) as ordered, sum(cancelled) as cancelled, sum(dispatched) as dispatched,
        sum(delivered) as delivered, sum(ended) as ended
    from inventory.demand_line
    inner join inventory.demand using (order_id)
    inner join intake.order_line using (order_id, line_id)
    group by sku, stock_owner
),

held as (
    select sku, stock_owner, sum(on_hand) as on_hand, sum(reserved) as reserved from inventory.stock
    group by sku, stock_owner
)

select sku, stock_owner, ordered, cancelled, dispatched, delivered, ended, on_hand, reserved
from wanted
full join held using (sku, stock_owner)
