-- always
-- What was captured of a payment is what the provider said, and no more is refunded than it said.
with said as (
    select
        order_id, payment_id,
        coalesce(sum(amount) filter (where outcome = 'captured'), 0) as captured,
        coalesce(sum(amount) filter (where outcome = 'refunded'), 0) as refunded
    from billing.payment_operation
    group by order_id, payment_id
)

select
    order_id, payment_id, payment.captured, said.captured as said_captured,
    payment.refunded, said.refunded as said_refunded
from billing.payment
left join said using (order_id, payment_id)
where
    -- What a channel captured itself, and cash on delivery, the provider never said.
    (moment not in ('captured', 'delivery') and payment.captured <> coalesce(said.captured, 0))
    or payment.refunded > coalesce(said.refunded, 0)
