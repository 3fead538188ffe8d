-- always
-- Invoice numbers of a series run from one to the last that was drawn, without a gap.
select
    series, count(*) as invoices, min(serial) as first_number, max(serial) as last_number,
    invoice_series.last_number as drawn
from billing.invoice
left join billing.invoice_series using (series)
group by series, invoice_series.last_number
having
    count(distinct serial) <> max(serial) or count(*) <> max(serial) or min(serial) <> 1
    or max(serial) is distinct from invoice_series.last_number
