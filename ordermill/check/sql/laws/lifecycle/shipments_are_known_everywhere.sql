-- drained
-- Every shipment that was allocated is known to the floor and to shipping, for the same order and from the same place.
with allocated as (
    select distinct order_id || '.' || shipment as shipment_id, order_id, location_id from inventory.allocation
)

select
    shipment_id, allocated.location_id, worked.location_id as floor, sent.location_id as shipping
from allocated
left join fulfillment.shipment as worked using (shipment_id)
left join shipping.shipment as sent using (shipment_id)
where
    (allocated.order_id, allocated.location_id) is distinct from (worked.order_id, worked.location_id)
    or (allocated.order_id, allocated.location_id) is distinct from (sent.order_id, sent.location_id)
