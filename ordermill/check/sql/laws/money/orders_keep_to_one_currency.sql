-- always
-- All money of an order is in the order's currency.
select order_id, order_account.currency, found.currency as found, found.name
from billing.order_account
inner join (
    select order_id, currency, invoice_number as name from billing.invoice
    union all
    select order_id, currency, kind || ' ' || reference from billing.ledger_transaction
) as found using (order_id)
where found.currency <> order_account.currency
