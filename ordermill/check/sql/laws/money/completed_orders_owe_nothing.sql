-- drained
-- Of a completed order nothing is left to be paid.
select order_id, invoice_number, total, paid, credited
from intake.placed_order
inner join billing.invoice using (order_id)
where state = 'completed' and total > paid + credited
