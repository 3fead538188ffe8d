-- drained
-- What inventory allocated is what the floor was asked for, and what it picked is what the floor has, line by line.
with allocated as (
    select
        order_id || '.' || shipment as shipment_id, line_id, sum(quantity) as quantity, sum(picked) as picked
    from inventory.allocation
    group by order_id, shipment, line_id
),

asked as (
    select shipment_id, line_id, sum(quantity - short - released) as quantity, sum(picked) as picked
    from fulfillment.pick
    group by shipment_id, line_id
)

select
    shipment_id, line_id, allocated.quantity as allocated, asked.quantity as asked,
    allocated.picked as picked, asked.picked as picked_on_the_floor
from allocated
full join asked using (shipment_id, line_id)
where
    (coalesce(allocated.quantity, 0), coalesce(allocated.picked, 0))
    is distinct from (coalesce(asked.quantity, 0), coalesce(asked.picked, 0))
