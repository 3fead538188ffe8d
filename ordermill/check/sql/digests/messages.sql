-- What customers were told, and what became of it; what a message is about may be a serial or a day.
select order_id, milestone, outcome, count(*) as messages
from notifications.message
group by order_id, milestone, outcome
