-- Credits never exceed their invoice, and nothing is refunded that was not captured.
select invoice.invoice_number as concerned, invoice.total as most, sum(credit_note.total) as given
from billing.invoice
inner join billing.credit_note using (invoice_number)
group by invoice.invoice_number, invoice.total
having sum(credit_note.total) > invoice.total
union all
select reference, captured, refunded from billing.payment where refunded > captured
