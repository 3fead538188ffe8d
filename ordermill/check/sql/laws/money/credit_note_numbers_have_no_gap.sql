-- always
-- Credit notes of a series are as many as its last number says, each under a number of its own.
with issued as (
    select
        regexp_replace(credit_note_number, '-[0-9]+$', '') as series, count(*) as notes,
        max(substring(credit_note_number from '[0-9]+$')::integer) as last_number
    from billing.credit_note
    group by regexp_replace(credit_note_number, '-[0-9]+$', '')
)

select series, issued.notes, issued.last_number, invoice_series.last_number as drawn
from issued
left join billing.invoice_series using (series)
where issued.notes <> issued.last_number or issued.last_number is distinct from invoice_series.last_number
