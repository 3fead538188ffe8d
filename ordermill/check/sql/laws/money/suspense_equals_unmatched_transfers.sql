-- drained
-- Money in suspense is exactly the transfers that nobody could match.
with booked as (
    select currency, -sum(amount) as amount
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account = 'suspense'
    group by currency
),

unmatched as (
    select currency, sum(amount) as amount from billing.transfer where state = 'suspense' group by currency
)

select currency, booked.amount as booked, unmatched.amount as unmatched
from booked
full join unmatched using (currency)
where coalesce(booked.amount, 0) <> coalesce(unmatched.amount, 0)
