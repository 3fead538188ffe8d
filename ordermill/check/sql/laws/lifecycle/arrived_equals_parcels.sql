-- drained
-- Units that arrived, or ended on their way, are those of the parcels that did, line by line.
with arrived as (
    select
        shipment.order_id, units.key as line_id,
        coalesce(sum(units.value::integer) filter (where milestone = 'delivered'), 0) as delivered,
        coalesce(sum(units.value::integer) filter (where milestone in ('returned', 'lost', 'destroyed')), 0) as ended
    from shipping.parcel
    inner join shipping.shipment using (shipment_id)
    cross join lateral jsonb_each_text(parcel.lines) as units
    group by shipment.order_id, units.key
)

select
    order_id, line_id, known.delivered, arrived.delivered as delivered_in_shipping,
    known.ended, arrived.ended as ended_in_shipping
from intake.order_line as known
full join arrived using (order_id, line_id)
where
    (coalesce(known.delivered, 0), coalesce(known.ended, 0))
    is distinct from (coalesce(arrived.delivered, 0), coalesce(arrived.ended, 0))
