-- Invoice numbers of a series run from one to the last without a gap.
select series, count(*) as invoices, max(serial) as last_number, min(serial) as first_number
from billing.invoice
group by series
having count(*) <> max(serial) or min(serial) <> 1
