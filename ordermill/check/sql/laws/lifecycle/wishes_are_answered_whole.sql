-- always
-- A wish to cancel is answered when every unit asked for is released or refused, and not before.
select ask_id, order_id, is_answered, sum(asked) as asked, sum(released) as released, sum(refused) as refused
from intake.ask
left join intake.ask_line using (ask_id)
group by ask_id, order_id, is_answered
having is_answered <> coalesce(bool_and(released + refused >= asked), true)
