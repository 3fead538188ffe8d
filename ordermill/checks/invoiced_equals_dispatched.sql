-- drained: Every unit that left is invoiced, and none other.
select order_id, line_id, line.dispatched, coalesce(invoiced.units, 0) as invoiced
from intake.order_line as line
left join (
    select order_id, line_id, sum(quantity) as units from billing.invoice_line group by order_id, line_id
) as invoiced using (order_id, line_id)
where line.dispatched <> coalesce(invoiced.units, 0)
