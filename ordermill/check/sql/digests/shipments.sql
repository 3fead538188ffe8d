-- Shipments and their parcels: from where, with what in them, by which service, and how far they came.
with parcels as (
    select
        shipment_id,
        jsonb_agg(
            jsonb_build_array(
                parcel_id, weight_g, length_mm, width_mm, height_mm, lines, recalled_by is not null, milestone, exception,
                carrier, service, cost, currency
            ) order by parcel_id
        ) as parcels
    from shipping.parcel
    left join (
        select parcel_id, carrier, service, cost, currency from shipping.label where not voided
    ) as label using (parcel_id)
    group by shipment_id
)

select
    shipment_id, order_id, location_id, ship_group_id, lines, dispatch.shipment_id is not null as has_left, parcels
from shipping.shipment
left join shipping.dispatch using (shipment_id)
left join parcels using (shipment_id)
