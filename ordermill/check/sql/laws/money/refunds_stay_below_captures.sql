-- always
-- Nothing is given back that was not captured.
select order_id, payment_id, captured, refunded from billing.payment where refunded > captured
