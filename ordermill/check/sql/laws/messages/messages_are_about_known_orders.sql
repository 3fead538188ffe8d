-- always
-- Customers are told only about orders that notifications knows.
select order_id, milestone, about from notifications.message
where not exists (select from notifications.customer_order where customer_order.order_id = message.order_id)
