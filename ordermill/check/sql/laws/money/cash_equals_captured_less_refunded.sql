-- always
-- Cash at the payment provider and with carriers is what was captured less what was refunded, order by order.
with booked as (
    select order_id, sum(amount) as cash
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account in ('cash_in_transit', 'carrier_collections') and kind <> 'fee'
    group by order_id
),

paid as (
    select order_id, sum(captured - refunded) as cash from billing.payment group by order_id
)

select order_id, booked.cash as booked, paid.cash as paid
from booked
full join paid using (order_id)
where coalesce(booked.cash, 0) <> coalesce(paid.cash, 0)
