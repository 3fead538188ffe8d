-- always: A seller's invoices are numbered 1, 2, 3 … without a gap.
select series, count(*) as invoices, max(serial) as last from billing.invoice
group by series having count(*) <> max(serial) or min(serial) <> 1
