-- drained
-- Every request to the payment provider has its answer.
select request_id, order_id, payment_id, wish, amount from billing.payment_request where state = 'open'
