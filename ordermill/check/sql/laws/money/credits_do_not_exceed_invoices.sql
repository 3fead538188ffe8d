-- always
-- Credits never exceed their invoice.
select invoice_number, invoice.total, sum(credit_note.total) as credited
from billing.invoice
inner join billing.credit_note using (invoice_number)
group by invoice_number, invoice.total
having sum(credit_note.total) > greatest(invoice.total, 0)
