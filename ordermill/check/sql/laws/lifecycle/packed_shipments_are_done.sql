-- always
-- A shipment is packed when nothing is left to pick and all that was picked is in parcels; no more is ever packed.
with picks as (
    select shipment_id, line_id, sum(quantity - picked - short - released) as open, sum(picked) as picked
    from fulfillment.pick
    group by shipment_id, line_id
),

packed as (
    select shipment_id, line_id, sum(quantity) as quantity from fulfillment.parcel_line group by shipment_id, line_id
)

select shipment_id, line_id, shipment.state, picks.open, picks.picked, coalesce(packed.quantity, 0) as packed
from fulfillment.shipment
inner join picks using (shipment_id)
left join packed using (shipment_id, line_id)
where
    coalesce(packed.quantity, 0) > picks.picked
    or (shipment.state = 'packed' and (picks.open > 0 or coalesce(packed.quantity, 0) <> picks.picked))
