-- What all orders of a customer came to, and what was paid for them.
with paid as (
    select order_id, sum(captured - refunded) as received from billing.payment group by order_id
),

invoiced as (
    select order_id, sum(total) as invoiced, sum(credited) as credited from billing.invoice group by order_id
)

select
    customer_id, currency, count(*) as orders, sum(due)::bigint as due,
    sum(coalesce(received, 0) + moved)::bigint as received,
    sum(invoiced)::bigint as invoiced, sum(credited)::bigint as credited, sum(exposed)::bigint as exposed
from billing.order_account
left join paid using (order_id)
left join invoiced using (order_id)
group by customer_id, currency
order by customer_id, currency
