-- always
-- Every ledger entry belongs to a transaction.
select transaction_id, account, amount
from billing.ledger_entry
where not exists (
    select from billing.ledger_transaction
    where ledger_transaction.transaction_id = ledger_entry.transaction_id
)
