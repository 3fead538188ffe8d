-- drained
-- Goods that came in are worth in the books what inventory took them in for.
select booked, moved
from (
    select
        (
            select coalesce(sum(amount), 0)
            from billing.ledger_entry
            inner join billing.ledger_transaction using (transaction_id)
            where kind = 'goods_received' and account = 'inventory'
        ) as booked,
        (select coalesce(sum(value), 0) from inventory.movement where kind = 'received') as moved
) as totals
where booked <> moved
