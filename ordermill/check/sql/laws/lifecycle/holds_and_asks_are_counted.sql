-- always
-- An order has had as many holds and wishes to cancel as it has numbered.
with holds as (
    select order_id, count(*) as number from intake.hold group by order_id
),

asks as (
    select order_id, count(*) as number from intake.ask group by order_id
)

select
    order_id, holds_made, coalesce(holds.number, 0) as holds, asks_made, coalesce(asks.number, 0) as asks
from intake.placed_order
left join holds using (order_id)
left join asks using (order_id)
where holds_made <> coalesce(holds.number, 0) or asks_made <> coalesce(asks.number, 0)
