-- drained
-- Ordered and cancelled units are the same for intake and for billing, line by line.
with cancelled as (
    select order_id, line_id, sum(quantity) as quantity from billing.cancelled_line group by order_id, line_id
)

select
    order_id, line_id, known.ordered, billed.quantity as billed,
    known.cancelled, coalesce(cancelled.quantity, 0) as cancelled_in_billing
from intake.order_line as known
inner join intake.placed_order using (order_id)
left join billing.order_line as billed using (order_id, line_id)
left join cancelled using (order_id, line_id)
where
    placed_order.state <> 'rejected'
    and (known.ordered is distinct from billed.quantity or known.cancelled <> coalesce(cancelled.quantity, 0))
