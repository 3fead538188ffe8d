-- drained
-- An order at its end holds no stock any more.
with held as (
    select order_id, sum(quantity) as quantity from (
        select order_id, quantity from inventory.claim
        union all
        select order_id, quantity - dispatched from inventory.allocation
    ) as units
    group by order_id
)

select order_id, placed_order.state, held.quantity as held
from held
inner join intake.placed_order using (order_id)
where held.quantity > 0 and placed_order.state in ('completed', 'cancelled', 'rejected')
