-- Nothing is sold twice: no order line holds or has got more units than it wants.
with held as (
    select order_id, line_id, sum(quantity) as quantity from (
        select order_id, line_id, quantity from inventory.claim
        union all
        select order_id, line_id, quantity from inventory.allocation
    ) as units
    group by order_id, line_id
)

select order_id, line_id, order_line.ordered, held.quantity as held
from held
inner join intake.order_line using (order_id, line_id)
where held.quantity > order_line.ordered
