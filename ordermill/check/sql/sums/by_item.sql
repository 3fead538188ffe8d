-- Units of an item at all places, in all orders: whoever got them.
with wanted as (
    select
        sku, stock_owner, sum(ordered)::bigint as ordered, sum(cancelled)::bigint as cancelled,
        sum(dispatched)::bigint as dispatched, sum(delivered)::bigint as delivered, sum(ended)::bigint as ended
    from inventory.demand_line
    inner join inventory.demand using (order_id)
    inner join intake.order_line using (order_id, line_id)
    group by sku, stock_owner
),

held as (
    select sku, stock_owner, sum(on_hand)::bigint as on_hand, sum(reserved)::bigint as reserved from inventory.stock
    group by sku, stock_owner
)

select sku, stock_owner, ordered, cancelled, dispatched, delivered, ended, on_hand, reserved
from wanted
full join held using (sku, stock_owner)
order by sku, stock_owner
