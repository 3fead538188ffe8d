-- drained
-- Every packed shipment has left.
select shipment_id, order_id from fulfillment.shipment
where state = 'packed' and not exists (select from shipping.dispatch where dispatch.shipment_id = shipment.shipment_id)
