-- always
-- Units are held for lines that somebody wants: no claim and no allocation without its demand.
select order_id, line_id, quantity
from (
    select order_id, line_id, quantity from inventory.claim
    union all
    select order_id, line_id, quantity from inventory.allocation
) as held
left join inventory.demand using (order_id)
left join inventory.demand_line using (order_id, line_id)
where demand.order_id is null or demand_line.line_id is null
