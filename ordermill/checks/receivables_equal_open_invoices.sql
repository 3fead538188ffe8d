-- always: The receivable of the books is what invoices leave open.
select booked.currency, booked.amount, invoiced.amount as open
from (
    select currency, sum(amount) as amount
    from billing.ledger_entry inner join billing.ledger_transaction using (transaction_id)
    where account = 'receivable' group by currency
) as booked
full join (
    select currency, sum(total - paid - credited) as amount from billing.invoice group by currency
) as invoiced using (currency)
where coalesce(booked.amount, 0) <> coalesce(invoiced.amount, 0)
