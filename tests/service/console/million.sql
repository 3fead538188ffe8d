-- Fills an empty read model with orders of thirty days, set by set, `orders` of them.  One in fifty is still under way, one
-- in two hundred is held, one in a hundred had an incident.  Fates are functions of the number, so each run is the same.

-- name: orders
insert into placed_order (
    order_id, channel, channel_order_id, customer_id, seller, country, currency, total, units, placed_at, received_at,
    released_at, completed_at, funds, funds_revision, settled_at, promised_at, first_ship_by, first_deliver_by, ship_by,
    deliver_by, lines_promised, lines_available, units_promised, units_available, stage, since, is_tallied, holds,
    units_allocated, units_packed, units_dispatched, units_delivered, goods_cost, label_cost, packaging_cost, packed_at,
    shipped_at, delivered_at, ended_at, incidents)
select md5(n::text)::uuid::text, (array['web', 'shop', 'market', 'phone'])[1 + n % 4], 'N-' || n,
    'c-' || n % 40000, 'us', (array['DE', 'FR', 'GB', 'AT', 'NL', 'ZA'])[1 + n % 97 % 6], 'EUR', 1000 + n * 7919 % 90000,
    3, placed_at, placed_at + interval '1 s', case when not is_held then placed_at + interval '3 s' end,
    case when not is_open then placed_at + interval '3 days' end, 'secured', 1,
    case when not is_open then placed_at + interval '2 days' end, placed_at + interval '2 s',
    placed_at + interval '1 day', (placed_at + interval '3 days')::date, placed_at + interval '1 day',
    (placed_at + interval '3 days')::date, 2, case when n % 20 = 0 then 1 else 2 end, 3,
    case when n % 20 = 0 then 2 else 3 end,
    case when not is_open then 'completed' when is_held then 'received'
         else (array['released', 'allocated', 'packed', 'dispatched', 'delivered'])[1 + n / 50 % 5] end,
    placed_at + interval '3 s', true, case when is_held then '{address}'::text[] else '{}' end, 3, 3, 3, 3, 900, 450, 35,
    placed_at + interval '5 h', case when not is_open then placed_at + interval '6 h' end,
    case when not is_open then placed_at + interval '30 h' end, case when not is_open then placed_at + interval '30 h' end,
    case when n % 100 = 0 then '{short_pick}'::text[] when n % 100 = 1 then '{late_delivery}' else '{}' end
from (
    select n, now() - interval '30 days' * n / :orders::bigint as placed_at, n % 50 = 0 as is_open, n % 200 = 0 as is_held
    from generate_series(1, :orders::bigint) as n) as made;

-- name: tallies
insert into stage_tally (stage, orders) select stage, count(*) from placed_order group by stage;

-- name: lines
insert into order_lines (order_id, lines, is_open)
select md5(n::text)::uuid::text, jsonb_agg(jsonb_build_object(
    'line_id', line::text, 'sku', 'SKU-' || lpad(((n * 31 + line * 17) % 5000)::text, 5, '0'), 'quantity', line,
    'amount', 1000, 'value', 1000)), n % 50 = 0
from generate_series(1, :orders::bigint) as n cross join generate_series(1, 2) as line
group by n;

-- name: promises
insert into promise (order_id, revision, promised_at, cause, lines)
select order_id, 1, promised_at, null, jsonb_build_array(jsonb_build_object(
    'line_id', '1', 'quantity', 1, 'available', 1, 'location_id', 'BER', 'promise',
    jsonb_build_object('ship_by', ship_by, 'deliver_by', deliver_by)))
from placed_order;

-- name: sourcings
insert into sourcing (allocation_id, order_id, allocated_at, currency, plan, lost_plans)
select order_id || '.allocation-1', order_id, placed_at, 'EUR', '{"locations": ["BER"], "cost": 500}',
    '[{"locations": ["MUC"], "cost": 900, "because": "cost"}]'
from placed_order;

-- name: shipments
insert into shipment (
    shipment_id, order_id, location_id, allocated_at, units, lines, packed_at, dispatched_at, goods_cost, cost_currency)
select order_id || '.1', order_id, 'BER', placed_at, 3,
    '[{"line_id": "1", "sku": "SKU-00001", "quantity": 1}, {"line_id": "2", "sku": "SKU-00002", "quantity": 2}]', packed_at,
    shipped_at, 900, 'EUR'
from placed_order;

-- name: works
insert into work (work_id, order_id, shipment_id, released_at)
select order_id || '.1.work-1', order_id, order_id || '.1', placed_at from placed_order;

-- name: parcels
insert into parcel (
    parcel_id, order_id, shipment_id, units, lines, packed_at, carrier, tracking_number, label_cost, label_currency,
    labelled_at, dispatched_at, status, delivered_at, outcome)
select order_id || '.1.1', order_id, order_id || '.1', 3, '[{"line_id": "1", "quantity": 1}, {"line_id": "2", "quantity": 2}]',
    packed_at, 'post', 'T-' || channel_order_id, 450, 'EUR', packed_at, shipped_at, 'delivered', delivered_at, 'delivered'
from placed_order;

-- name: invoices
insert into invoice (
    invoice_number, order_id, customer_id, shipment_id, issued_at, issued_on, due_on, currency, total, tax,
    deposits_applied, opening, revision, open)
select 'I-' || channel_order_id, order_id, customer_id, order_id || '.1', placed_at + interval '6 h', placed_at::date,
    placed_at::date + 14, 'EUR', total, 0, 0, total, 2,
    case when right(channel_order_id, 2) in ('00', '50') then total else 0 end
from placed_order;

-- name: money
insert into money_event (order_id, revision, at, kind, amount, currency, invoice_number)
select order_id, step, placed_at, (array['secured', 'invoiced', 'applied'])[step], total, 'EUR',
    case when step > 1 then 'I-' || channel_order_id end
from placed_order cross join generate_series(1, 3) as step;

-- name: refunds
insert into refund (refund_id, order_id, amount, currency, requested_at, completed_at)
select 'R-' || channel_order_id, order_id, 500, 'EUR', placed_at + interval '9 days', placed_at + interval '9 days'
from placed_order where right(channel_order_id, 2) = '77';

-- name: messages
insert into message (message_id, order_id, milestone, about, medium, template, sent_at)
select order_id || step, order_id, 'order_confirmed', order_id, 'email', 'en', placed_at
from placed_order cross join generate_series(1, 2) as step;

-- name: levels
insert into stock_level (sku, location_id, stock_owner, on_hand, available, version, moved_at)
select 'SKU-' || lpad(n::text, 5, '0'), place, 'us', n, n % 40, 1, now()
from generate_series(0, 4999) as n cross join unnest(array['BER', 'MUC', 'HAM']) as place;

-- name: movements
insert into movement (sku, at, revision, event)
select 'SKU-' || lpad((total % 5000)::text, 5, '0'), placed_at, row_number() over (), jsonb_build_object(
    'location_id', 'BER', 'stock_owner', 'us', 'movements', jsonb_build_array(jsonb_build_object(
        'movement_id', order_id || kind, 'kind', kind, 'quantity', 1, 'cause', 'x')))::text
from placed_order cross join unnest(array['reserved', 'dispatched']) as kind;

-- name: backorders
insert into backorder (order_id, line_id, sku, quantity, purchase_order_id, expected_on, since, revision, waiting)
select order_id, '2', 'SKU-' || lpad((total % 5000)::text, 5, '0'), 2, 'PO-' || total % 500, placed_at::date + 5, placed_at,
    1, case when stage = 'released' then 1 else 0 end
from placed_order where lines_available < lines_promised;

-- name: purchases
insert into purchase (purchase_order_id, supplier_id, location_id, currency, ordered_at, cost, answer, expected_on)
select 'PO-' || n, 's-' || n % 9, 'BER', 'EUR', now() - interval '1 h' * n, 1000, 'confirmed', current_date + 3
from generate_series(0, 499) as n;

-- name: letters
insert into dead_letter (
    dead_letter_id, service, topic, lane, position, key, message_type, reason, error, attempts, dead_at, resolution, revision)
select 'billing/' || n, 'billing', 'intake-orders', 0, n, md5(n::text)::uuid::text, 'intake.order_received.v1', 'failed',
    'KeyError at step ' || n % 12, 3, now() - interval '1 min' * n, case when n % 4 <> 0 then 'retried' end, 1
from generate_series(1, least(20000, :orders::bigint)) as n;

-- name: names
insert into wire_name (name) select unnest(array['intake-orders', 'shipping-shipments', 'intake.order_received.v1',
    'intake.order_released.v1', 'inventory.order_allocated.v1', 'fulfillment.shipment_packed.v1',
    'shipping.shipment_dispatched.v1', 'shipping.shipment_delivered.v1', 'intake.order_completed.v1'])
on conflict do nothing;

-- name: pointers
insert into pointer (at, topic, lane, position, key, type, event_id, cause_id)
select placed_at + interval '1 h' * step, 1, 0, row_number() over (), order_id, 3 + step % 7,
    md5(order_id || step)::uuid, md5(order_id || (step - 1))::uuid
from placed_order cross join generate_series(1, 5) as step;

-- name: paces
insert into pace (bucket, type, topic, records)
select bucket, type, 1, 30
from generate_series(date_bin('10 s', now() - interval '2 days', 'epoch'), now(), interval '10 s') as bucket
cross join generate_series(3, 9) as type;

-- name: due_days
insert into figure_due (day)
select distinct placed_at::date from placed_order on conflict do nothing;
