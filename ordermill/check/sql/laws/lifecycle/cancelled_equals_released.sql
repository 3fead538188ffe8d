-- always
-- Cancelled units are exactly those that answered wishes gave back, line by line.
with released as (
    select order_id, line_id, sum(released) as quantity
    from intake.ask
    inner join intake.ask_line using (ask_id)
    where is_answered
    group by order_id, line_id
)

select order_id, line_id, order_line.cancelled, released.quantity as released
from intake.order_line
left join released using (order_id, line_id)
where order_line.cancelled <> coalesce(released.quantity, 0)
