-- always
-- One order for each order of a channel.
select channel, channel_order_id, count(*) as orders
from intake.placed_order
group by channel, channel_order_id
having count(*) > 1
