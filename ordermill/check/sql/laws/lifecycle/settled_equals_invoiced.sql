-- drained
-- Of an order whose invoices are all paid, every invoiced unit is settled.
with invoiced as (
    select order_id, line_id, sum(quantity) as quantity from billing.invoice_line group by order_id, line_id
),

paid as (
    select order_id from billing.invoice group by order_id having sum(total - paid - credited) = 0
)

select order_id, line_id, order_line.settled, invoiced.quantity as invoiced
from paid
inner join invoiced using (order_id)
inner join intake.order_line using (order_id, line_id)
where order_line.settled <> invoiced.quantity
