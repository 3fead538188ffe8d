-- always
-- What customers owe in the books equals their open invoices, order by order.
with booked as (
    select order_id, sum(amount) as owed
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account = 'receivable'
    group by order_id
),

open as (
    select order_id, sum(total - paid - credited) as owed from billing.invoice group by order_id
)

select order_id, booked.owed as booked, open.owed as open
from booked
full join open using (order_id)
where coalesce(booked.owed, 0) <> coalesce(open.owed, 0)
