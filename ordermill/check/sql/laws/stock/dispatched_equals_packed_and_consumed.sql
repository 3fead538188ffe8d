-- drained
-- Units that left are the same for the floor, for inventory and for intake, line by line.
with packed as (
    select shipment.order_id, parcel_line.line_id, sum(parcel_line.quantity) as quantity
    from fulfillment.parcel_line
    inner join fulfillment.shipment using (shipment_id)
    inner join shipping.dispatch using (shipment_id)
    group by shipment.order_id, parcel_line.line_id
),

consumed as (
    select order_id, line_id, sum(dispatched) as quantity from inventory.allocation group by order_id, line_id
),

known as (
    select order_id, line_id, dispatched as quantity from intake.order_line
)

select
    order_id, line_id,
    packed.quantity as packed, consumed.quantity as consumed, known.quantity as known_to_intake
from known
full join packed using (order_id, line_id)
full join consumed using (order_id, line_id)
where
    coalesce(packed.quantity, 0) <> coalesce(consumed.quantity, 0)
    or coalesce(packed.quantity, 0) <> coalesce(known.quantity, 0)
