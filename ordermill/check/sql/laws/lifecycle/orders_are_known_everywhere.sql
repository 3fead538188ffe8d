-- drained
-- Every order that was taken is known to whom it concerns.
select
    order_id, state, demand.order_id is not null as inventory, order_account.order_id is not null as billing
from intake.placed_order
left join inventory.demand using (order_id)
left join billing.order_account using (order_id)
where state <> 'rejected' and (demand.order_id is null or order_account.order_id is null)
