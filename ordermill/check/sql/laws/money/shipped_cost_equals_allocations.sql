-- drained
-- Units that left cost in billing what they cost in inventory, line by line.
with consumed as (
    select
        order_id || '.' || shipment as shipment_id, line_id, sum(dispatched) as quantity, sum(cost) as cost
    from inventory.allocation
    group by order_id, shipment, line_id
    having sum(dispatched) > 0
)

select shipment_id, line_id, consumed.quantity, consumed.cost, shipped_cost.quantity as booked, shipped_cost.cost as booked_cost
from consumed
full join billing.shipped_cost using (shipment_id, line_id)
where (consumed.quantity, consumed.cost) is distinct from (shipped_cost.quantity::bigint, shipped_cost.cost::numeric)
