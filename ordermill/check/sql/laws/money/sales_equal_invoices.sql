-- always
-- Sales in the books are the invoices less their credit notes, order by order.
with booked as (
    select order_id, -sum(amount) as sold
    from billing.ledger_entry
    inner join billing.ledger_transaction using (transaction_id)
    where account in ('revenue', 'carriage', 'tax_payable', 'discounts')
    group by order_id
),

invoiced as (
    select order_id, sum(total - credited) as amount from billing.invoice group by order_id
)

select order_id, booked.sold, invoiced.amount as invoiced
from booked
full join invoiced using (order_id)
where coalesce(booked.sold, 0) <> coalesce(invoiced.amount, 0)
