-- always
-- What a carrier reports about has left.
select parcel_id, shipment_id, milestone from shipping.parcel
where
    milestone <> 'announced'
    and not exists (select from shipping.dispatch where dispatch.shipment_id = parcel.shipment_id)
