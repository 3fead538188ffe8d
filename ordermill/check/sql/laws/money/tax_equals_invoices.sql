-- always
-- Tax owed is the tax of the invoices, for every order that was credited nothing.
with booked as (
    select order_id, -sum(amount) as tax
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account = 'tax_payable'
    group by order_id
),

invoiced as (
    select order_id, sum(tax) as tax from billing.invoice group by order_id having sum(credited) = 0
)

select order_id, booked.tax as booked, invoiced.tax as invoiced
from invoiced
left join booked using (order_id)
where coalesce(booked.tax, 0) <> invoiced.tax
