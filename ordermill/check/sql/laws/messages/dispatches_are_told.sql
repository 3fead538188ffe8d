-- told
-- Customers are told of every shipment that left, and of none that did not.
with told as (
    select about as shipment_id, order_id from notifications.message where milestone = 'shipment_dispatched'
)

select shipment_id, shipment.order_id, told.order_id as told
from shipping.dispatch
inner join shipping.shipment using (shipment_id)
full join told using (shipment_id)
where shipment.order_id is distinct from told.order_id
