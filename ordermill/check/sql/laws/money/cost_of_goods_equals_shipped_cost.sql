-- always
-- The cost of goods in the books is the cost of what was shipped, shipment by shipment.
with booked as (
    select reference as shipment_id, sum(amount) as cost
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account = 'cost_of_goods' and kind = 'cost_of_goods'
    group by reference
),

shipped as (
    select shipment_id, sum(cost) as cost from billing.shipped_cost group by shipment_id
)

select shipment_id, booked.cost as booked, shipped.cost as shipped
from booked
full join shipped using (shipment_id)
where coalesce(booked.cost, 0) <> coalesce(shipped.cost, 0)
