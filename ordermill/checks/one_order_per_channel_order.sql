-- always: A channel's order is one order.
select channel, channel_order_id, count(*) as orders from intake.placed_order
group by channel, channel_order_id having count(*) > 1
