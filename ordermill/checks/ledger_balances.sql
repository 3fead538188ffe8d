-- always: Every transaction of the books balances.
select transaction_id, sum(amount) as difference from billing.ledger_entry
group by transaction_id having sum(amount) <> 0
