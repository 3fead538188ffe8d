-- always
-- No unit is credited that its invoice does not hold.
with credited as (
    select invoice_number, line_id, sum(quantity) as quantity from billing.credit_line group by invoice_number, line_id
),

invoiced as (
    select invoice_number, line_id, sum(quantity) as quantity from billing.invoice_line group by invoice_number, line_id
)

select invoice_number, line_id, credited.quantity as credited, invoiced.quantity as invoiced
from credited
left join invoiced using (invoice_number, line_id)
where credited.quantity > coalesce(invoiced.quantity, 0)
