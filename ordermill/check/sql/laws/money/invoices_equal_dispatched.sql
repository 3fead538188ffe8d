-- drained
-- Invoiced units equal dispatched units, line by line.
with dispatched as (
    select shipment.order_id, units.key as line_id, sum(units.value::integer) as quantity
    from shipping.dispatch
    inner join shipping.shipment using (shipment_id)
    inner join shipping.parcel using (shipment_id)
    cross join lateral jsonb_each_text(parcel.lines) as units
    where parcel.recalled_by is null
    group by shipment.order_id, units.key
),

invoiced as (
    select order_id, line_id, sum(quantity) as quantity from billing.invoice_line group by order_id, line_id
)

select order_id, line_id, dispatched.quantity as dispatched, invoiced.quantity as invoiced
from dispatched
full join invoiced using (order_id, line_id)
where coalesce(dispatched.quantity, 0) <> coalesce(invoiced.quantity, 0)
