-- always
-- An invoice's total is its lines, its charges and the taxes that are added.
select invoice.invoice_number, invoice.total, lines.amount + invoice.charges as lines
from billing.invoice
inner join (
    select invoice_number, sum(amount - discount + tax_added) as amount from billing.invoice_line group by invoice_number
) as lines using (invoice_number)
where invoice.total <> lines.amount + invoice.charges
