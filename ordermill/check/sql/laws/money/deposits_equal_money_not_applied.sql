-- always
-- What customers have deposited is what came in for an order and was not applied to its invoices.
with booked as (
    select order_id, -sum(amount) as deposited
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account = 'customer_deposits'
    group by order_id
),

received as (
    select order_id, sum(captured - refunded) as amount from billing.payment group by order_id
),

applied as (
    select order_id, sum(paid) as amount from billing.invoice group by order_id
)

select
    order_id, booked.deposited,
    coalesce(received.amount, 0) + order_account.moved as received, coalesce(applied.amount, 0) as applied
from billing.order_account
full join booked using (order_id)
left join received using (order_id)
left join applied using (order_id)
where
    coalesce(booked.deposited, 0)
    <> coalesce(received.amount, 0) + coalesce(order_account.moved, 0) - coalesce(applied.amount, 0)
