-- drained
-- A completed order comes to what its invoices say, less what was credited.
select order_id, order_account.due, coalesce(sum(invoice.total - invoice.credited), 0) as invoiced
from intake.placed_order
inner join billing.order_account using (order_id)
left join billing.invoice using (order_id)
where state = 'completed'
group by order_id, order_account.due
having order_account.due <> coalesce(sum(invoice.total - invoice.credited), 0)
