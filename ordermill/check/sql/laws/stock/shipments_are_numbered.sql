-- always
-- An order's shipments are numbered from one on, as many as were given out.
select order_id, demand.shipments, min(allocation.shipment) as first_number, max(allocation.shipment) as last_number
from inventory.allocation
inner join inventory.demand using (order_id)
group by order_id, demand.shipments
having min(allocation.shipment) < 1 or max(allocation.shipment) > demand.shipments
