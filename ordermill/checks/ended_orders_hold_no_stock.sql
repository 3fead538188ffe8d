-- drained: An order at its end holds no stock and waits for none.
select order_id, line_id, quantity from inventory.claim inner join intake.placed_order using (order_id)
where state in ('completed', 'cancelled', 'rejected')
