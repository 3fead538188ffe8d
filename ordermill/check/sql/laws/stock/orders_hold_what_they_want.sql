-- drained
-- Nothing is sold twice and nothing is forgotten: each line holds or has got exactly what it still wants.
with held as (
    select order_id, line_id, sum(quantity) as quantity from (
        select order_id, line_id, quantity from inventory.claim
        union all
        select order_id, line_id, quantity from inventory.allocation
    ) as units
    group by order_id, line_id
)

select order_id, line_id, order_line.ordered, order_line.cancelled, held.quantity as held
from inventory.demand_line
inner join intake.order_line using (order_id, line_id)
left join held using (order_id, line_id)
where coalesce(held.quantity, 0) <> order_line.ordered - order_line.cancelled
