-- told
-- Customers are told of every cancellation that gave anything back, and of no other.
with told as (
    select about as ask_id, order_id from notifications.message where milestone = 'order_cancelled'
),

cancelled as (
    select ask_id, order_id from intake.ask
    inner join intake.ask_line using (ask_id)
    where is_answered
    group by ask_id, order_id
    having sum(released) > 0
)

select ask_id, cancelled.order_id, told.order_id as told
from cancelled
full join told using (ask_id)
where cancelled.order_id is distinct from told.order_id
