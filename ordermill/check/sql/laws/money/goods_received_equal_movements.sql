-- drained
-- Goods that came in are worth in the books what inventory took them in for.
with booked as (
    select coalesce(sum(amount), 0) as value
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where kind = 'goods_received' and account = 'inventory'
),

moved as (
    select coalesce(sum(value), 0) as value from inventory.movement where kind = 'received'
)

select booked.value as booked, moved.value as moved from booked cross join moved where booked.value <> moved.value
