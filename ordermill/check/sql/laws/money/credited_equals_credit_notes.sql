-- always
-- What was credited of an invoice is the sum of its credit notes.
select invoice_number, invoice.credited, sum(credit_note.total) as noted
from billing.invoice
left join billing.credit_note using (invoice_number)
group by invoice_number, invoice.credited
having invoice.credited <> coalesce(sum(credit_note.total), 0)
