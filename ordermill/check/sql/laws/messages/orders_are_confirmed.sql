-- told
-- Every order that was taken is confirmed to its customer.
select order_id, channel, channel_order_id, state from intake.placed_order
where
    state <> 'rejected'
    and not exists (
        select from notifications.message
        where message.order_id = placed_order.order_id and milestone = 'order_confirmed'
    )
