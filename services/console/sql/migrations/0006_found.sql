-- What a million orders showed to be slow still.

create index placed_order_longest on placed_order (since, order_id)
where stage not in ('completed', 'cancelled', 'rejected');
create index placed_order_incidents on placed_order using gin (incidents) where incidents <> '{}';
create index invoice_owed on invoice (customer_id, currency, due_on) include (open) where open > 0;
