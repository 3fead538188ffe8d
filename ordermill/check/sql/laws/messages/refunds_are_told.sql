-- told
-- Customers are told of every refund that was granted.
select refund_id, order_id, amount from billing.payment_request
where
    wish = 'refund' and state = 'granted'
    and not exists (
        select from notifications.message
        where message.order_id = payment_request.order_id and milestone = 'order_refunded' and about = refund_id
    )
