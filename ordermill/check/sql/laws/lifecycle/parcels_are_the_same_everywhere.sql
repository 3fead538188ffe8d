-- drained
-- A parcel that was not taken apart again holds the same units under the same number for the floor and for shipping.
with packed as (
    select
        shipment_id || '.' || number as parcel_id, parcel.sscc,
        coalesce(sum(parcel_line.quantity), 0) as quantity
    from fulfillment.parcel
    inner join fulfillment.shipment using (shipment_id)
    left join fulfillment.parcel_line using (shipment_id, number)
    where shipment.state = 'packed'
    group by shipment_id, number, parcel.sscc
),

sent as (
    select parcel_id, sscc, sum(units.value::integer) as quantity
    from shipping.parcel
    cross join lateral jsonb_each_text(parcel.lines) as units
    where recalled_by is null
    group by parcel_id, sscc
)

select parcel_id, packed.sscc, packed.quantity, sent.sscc as sent_sscc, sent.quantity as sent
from packed
full join sent using (parcel_id)
where coalesce(packed.quantity, 0) <> coalesce(sent.quantity, 0) or (packed.quantity > 0 and packed.sscc <> sent.sscc)
