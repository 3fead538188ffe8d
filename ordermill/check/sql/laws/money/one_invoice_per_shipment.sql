-- always
-- A shipment is invoiced once.
select shipment_id, count(*) as invoices from billing.invoice group by shipment_id having count(*) > 1
