-- always: Cash at the provider is what was captured less what was given back.
select booked.currency, booked.cash, paid.cash as paid
from (
    select currency, sum(amount) as cash
    from billing.ledger_entry inner join billing.ledger_transaction using (transaction_id)
    where account = 'cash_in_transit' group by currency
) as booked
full join (
    select currency, sum(captured - refunded) as cash
    from billing.payment inner join billing.order_account using (order_id)
    where method not in ('account', 'transfer', 'cash') group by currency
) as paid using (currency)
where coalesce(booked.cash, 0) <> coalesce(paid.cash, 0)
