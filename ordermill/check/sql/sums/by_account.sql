-- Each account's balance.
select account, currency, sum(amount) as balance
from billing.ledger_entry
inner join billing.ledger_transaction using (transaction_id)
group by account, currency
