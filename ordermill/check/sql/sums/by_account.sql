-- Each account's balance.
select account, currency, sum(amount)::bigint as balance
from billing.ledger_entry
inner join billing.ledger_transaction using (transaction_id)
group by account, currency
order by currency, account
