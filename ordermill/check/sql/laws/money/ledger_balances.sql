-- always
-- Every ledger transaction has at least two legs and adds up to nothing.
select transaction_id, kind, reference, count(ledger_entry.account) as legs, coalesce(sum(amount), 0) as balance
from billing.ledger_transaction
left join billing.ledger_entry using (transaction_id)
group by transaction_id, kind, reference
having count(ledger_entry.account) < 2 or coalesce(sum(amount), 0) <> 0
