-- What was posted about each order, or about none, by kind of fact and account; references name serials.
select order_id, kind, currency, account, sum(amount) as amount, count(*) as entries
from billing.ledger_transaction
inner join billing.ledger_entry using (transaction_id)
group by order_id, kind, currency, account
