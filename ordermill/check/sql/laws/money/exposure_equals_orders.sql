-- always
-- What of a customer's limit is taken is the sum of what the customer's orders take.
with taken as (
    select customer_id, currency, sum(exposed) as amount from billing.order_account
    where customer_id is not null
    group by customer_id, currency
)

select customer_id, currency, customer_exposure.exposure, taken.amount as taken
from billing.customer_exposure
full join taken using (customer_id, currency)
where coalesce(customer_exposure.exposure, 0) <> coalesce(taken.amount, 0)
