-- drained
-- Whether a live order is paid for is the same for intake and for billing.
select order_id, state, placed_order.funds, order_account.funds as funds_in_billing
from intake.placed_order
inner join billing.order_account using (order_id)
where state in ('received', 'held', 'released') and placed_order.funds <> order_account.funds
