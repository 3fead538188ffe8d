-- always
-- A shipment's parcels are numbered from one on, as many as were made.
select shipment_id, parcels_made, count(parcel.number) as parcels, max(parcel.number) as last_number
from fulfillment.shipment
left join fulfillment.parcel using (shipment_id)
group by shipment_id, parcels_made
having parcels_made <> count(parcel.number) or parcels_made <> coalesce(max(parcel.number), 0)
