-- always
-- What a payment awaits from the provider is what it asked for and has no answer to.
with open as (
    select
        order_id, payment_id,
        coalesce(sum(amount) filter (where wish = 'authorization'), 0) as authorization_amount,
        coalesce(sum(amount) filter (where wish = 'capture'), 0) as capture_amount,
        coalesce(sum(amount) filter (where wish = 'void'), 0) as void_amount,
        coalesce(sum(amount) filter (where wish = 'refund'), 0) as refund_amount
    from billing.payment_request
    where state = 'open'
    group by order_id, payment_id
)

select
    order_id, payment_id, asked_authorization, asked_capture, asked_void, asked_refund,
    authorization_amount, capture_amount, void_amount, refund_amount
from billing.payment
left join open using (order_id, payment_id)
where
    (asked_authorization, asked_capture, asked_void)
    is distinct from (coalesce(authorization_amount, 0), coalesce(capture_amount, 0), coalesce(void_amount, 0))
    -- A refused refund rests until a timer asks again: it stays asked for.
    or asked_refund < coalesce(refund_amount, 0)
