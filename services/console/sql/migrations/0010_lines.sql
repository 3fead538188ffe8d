-- An order's lines are one row, as its event told them: pages read them whole.  As rows of their own, an order of thirty
-- lines was thirty rows with two keys each, and a second version of every one of them when the order ended.

create table order_lines (
    order_id text collate "C" primary key,
    lines jsonb not null, -- quantity and amount as placed; value: less discounts, with all taxes, what the buyer pays for it
    is_open boolean not null default true -- until its order ends
);

insert into order_lines (order_id, lines, is_open)
select order_id, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'line_id', line_id, 'sku', sku, 'description', description, 'quantity', quantity, 'amount', amount, 'value', value))
    order by length(line_id), line_id), bool_or(is_open)
from order_line
group by order_id;

-- Who wants an item: of all orders, those that are open.
create index order_lines_wanted on order_lines using gin ((jsonb_path_query_array(lines, '$[*].sku'))) where is_open;

drop table order_line;

create or replace function model_tables() returns setof text
language sql immutable as $$
    select unnest(array[
        'projected', 'unreadable', 'wire_name', 'pointer', 'pace', 'placed_order', 'stage_tally', 'order_lines', 'hold',
        'cancellation', 'promise', 'sourcing', 'backorder', 'shipment', 'work', 'short_pick', 'parcel', 'message', 'item',
        'location', 'carton', 'stock_level', 'movement', 'purchase', 'receipt', 'invoice', 'money_event', 'refund',
        'dead_letter', 'audit_report', 'figure', 'figure_due'])
$$;
