-- always
-- Cash at the bank equals the transfers that came in.
with booked as (
    select reference as bank_reference, sum(amount) as cash
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account = 'bank'
    group by reference
)

select bank_reference, booked.cash as booked, transfer.amount as received
from booked
full join billing.transfer using (bank_reference)
where coalesce(booked.cash, 0) <> coalesce(transfer.amount, 0)
