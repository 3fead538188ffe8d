-- drained: What left the bins is what shipping says left.
select coalesce(line.order_id, held.order_id) as order_id, coalesce(line.line_id, held.line_id) as line_id,
    line.dispatched, held.units
from intake.order_line as line
full join (
    select order_id, line_id, sum(dispatched) as units from inventory.allocation group by order_id, line_id
) as held using (order_id, line_id)
where coalesce(line.dispatched, 0) <> coalesce(held.units, 0)
