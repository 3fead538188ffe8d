-- Orders of seven kinds, told by all six services and by the logs, in one consistent state: whatever a law compares is
-- here. `world.orders` says how many; `kafka.reader` who reads which topic. Every unit costs 6.00 and sells for 10.00
-- and 2.00 of tax; every order's carriage is 5.00.

-- --- what happened: each order, and each unit of its lines ----------------------------------------------------------

create temporary table story on commit drop as
select
    n, 'order-' || n as order_id, 'order-' || n || '.1' as shipment_id, 'customer-' || n % 40 as customer_id, n % 12 as lane,
    (array['paid', 'waiting', 'held', 'lost', 'transferred', 'cancelled', 'rejected'])[1 + (n - 1) % 7] as kind
from generate_series(1, current_setting('world.orders')::integer) as n;

create temporary table unit on commit drop as
select
    n, order_id, shipment_id, story.kind, line_id, 'SKU-' || (n + line_id::integer) % 250 as sku,
    ordered, cancelled, waiting, claimed, allocated, picked, dispatched, delivered, ended
from story
inner join (
    values
    ('paid', '1', 2, 0, 0, 0, 2, 2, 2, 2, 0),
    ('paid', '2', 1, 0, 0, 0, 1, 1, 1, 1, 0),
    ('waiting', '1', 2, 0, 0, 0, 2, 1, 0, 0, 0), -- the floor is at work on it
    ('waiting', '2', 1, 0, 1, 0, 0, 0, 0, 0, 0), -- and its supplier on that
    ('held', '1', 1, 0, 0, 1, 0, 0, 0, 0, 0),
    ('lost', '1', 3, 1, 0, 0, 2, 2, 2, 1, 1), -- one is cancelled, one arrives, one does not
    ('transferred', '1', 1, 0, 0, 0, 1, 1, 1, 1, 0),
    ('cancelled', '1', 1, 1, 0, 0, 0, 0, 0, 0, 0)
) as line (
    kind, line_id, ordered, cancelled, waiting, claimed, allocated, picked, dispatched, delivered, ended
) using (kind);

-- A lost order's units travel alone, so that one can arrive.
create temporary table carried on commit drop as
select shipment_id, order_id, lane, kind, number, shipment_id || '.' || number as parcel_id, line_id, quantity, milestone
from story
inner join (
    values
    ('paid', 1, '1', 2, 'delivered'), ('paid', 1, '2', 1, 'delivered'),
    ('lost', 1, '1', 1, 'delivered'), ('lost', 2, '1', 1, 'lost'),
    ('transferred', 1, '1', 1, 'delivered')
) as parcel (kind, number, line_id, quantity, milestone) using (kind);

create temporary table bill on commit drop as
select
    story.order_id, story.shipment_id, customer_id, kind, 1700 + 1200 * (sum(ordered) - 1) as placed,
    1200 * sum(cancelled) + case kind when 'cancelled' then 500 else 0 end as relief,
    case when sum(dispatched) > 0 then 500 + 1200 * sum(dispatched) else 0 end as invoiced,
    1200 * sum(ended) as credited, 200 * sum(dispatched) as tax, 600 * sum(dispatched) as cost,
    row_number() over (partition by sum(dispatched) > 0 order by n) as serial,
    row_number() over (partition by sum(ended) > 0 order by n) as note
from story
inner join unit using (n, kind)
group by n, story.order_id, story.shipment_id, customer_id, kind;

-- --- intake ---------------------------------------------------------------------------------------------------------

insert into intake.placed_order (
    order_id, channel, channel_order_id, state, funds, is_promised, was_released, version, priority, holds_made, asks_made
)
select
    order_id, 'webshop', 'W-' || n,
    case kind when 'waiting' then 'released' when 'held' then 'held' when 'cancelled' then 'cancelled'
        when 'rejected' then 'rejected' else 'completed' end,
    case kind when 'held' then 'lost' when 'rejected' then 'pending' else 'secured' end,
    kind <> 'rejected', kind not in ('held', 'cancelled', 'rejected'), 1, 0,
    (kind = 'held')::integer, (kind in ('lost', 'cancelled'))::integer
from story;

insert into intake.order_line (order_id, line_id, ordered, cancelled, dispatched, delivered, ended, settled)
select order_id, line_id, ordered, cancelled, dispatched, delivered, ended, dispatched from unit;

insert into intake.hold (order_id, number, reason, ship_group_id)
select order_id, 1, 'payment', '' from story where kind = 'held';

insert into intake.ask (ask_id, order_id, message_id, reason, asked_by, is_answered)
select order_id || '.ask-1', order_id, 'wish-' || n, 'changed my mind', 'channel', true from unit where cancelled > 0;

insert into intake.ask_line (ask_id, line_id, wanted, asked, released)
select order_id || '.ask-1', line_id, cancelled, cancelled, cancelled from unit where cancelled > 0;

insert into intake.contact (order_id, contacts) select order_id, '[]' from story where kind <> 'rejected';

-- --- inventory ------------------------------------------------------------------------------------------------------

insert into inventory.demand (order_id, stock_owner, received_at, released, version, shipments, purchases)
select
    order_id, 'us', now(), kind not in ('held', 'cancelled'), 1,
    (kind not in ('held', 'cancelled'))::integer, (kind = 'waiting')::integer
from story
where kind <> 'rejected';

insert into inventory.demand_line (order_id, line_id, line_number, ship_group_id, sku, weight_g, country, postcode)
select order_id, line_id, line_id::integer, '1', sku, 500, 'GB', 'SE1 7PB' from unit;

insert into inventory.purchase (purchase_order_id, supplier_id, stock_owner, location_id, currency, wanted_on, attempt)
select 'PO-' || order_id, 'S-1', 'us', 'LONDON', 'GBP', current_date, 1 from unit where waiting > 0;

insert into inventory.purchase_line (purchase_order_id, line_id, sku, ordered, received, cost)
select 'PO-' || order_id, '1', sku, 2, 1, 1200 from unit where waiting > 0;

insert into inventory.claim (
    order_id, line_id, sku, stock_owner, location_id, bin, quantity, ship_by, deliver_by, purchase_order_id
)
select
    order_id, line_id, sku, 'us', case when claimed > 0 then 'LONDON' end, case when claimed > 0 then '01' end,
    claimed + waiting, now(), current_date, case when waiting > 0 then 'PO-' || order_id end
from unit
where claimed + waiting > 0;

insert into inventory.allocation (
    order_id, shipment, line_id, location_id, bin, quantity, picked, dispatched, cost, ship_by, deliver_by
)
select order_id, 1, line_id, 'LONDON', '01', allocated, picked, dispatched, 600 * dispatched, now(), current_date
from unit
where allocated > 0;

insert into inventory.movement (sku, stock_owner, location_id, bin, kind, quantity, value, cause, moved_at)
select sku, 'us', 'LONDON', '01', moved.kind, quantity, value, 'cause-' || n || moved.kind, now()
from unit
cross join lateral (
    values
    ('received', waiting, 600 * waiting),
    ('reserved', ordered - waiting, null),
    ('released', -cancelled, null),
    ('picked', picked, null),
    ('dispatched', -dispatched, -600 * dispatched)
) as moved (kind, quantity, value)
where quantity <> 0
union all
-- Opening stock.
select distinct sku, 'us', 'LONDON', '01', 'adjusted', 1000, 600000, 'count-1', now() from unit;

insert into inventory.stock (sku, stock_owner, location_id, bin, on_hand, picked, reserved)
select
    sku, stock_owner, location_id, bin,
    sum(quantity) filter (where kind in ('received', 'adjusted', 'dispatched')),
    coalesce(sum(quantity) filter (where kind in ('picked', 'dispatched')), 0),
    coalesce(sum(quantity) filter (where kind in ('reserved', 'released', 'dispatched')), 0)
from inventory.movement
group by sku, stock_owner, location_id, bin;

insert into inventory.valuation (sku, stock_owner, quantity, value)
select sku, stock_owner, sum(quantity) filter (where value is not null), sum(value)
from inventory.movement
group by sku, stock_owner;

-- --- fulfillment ----------------------------------------------------------------------------------------------------

insert into fulfillment.contact (order_id, version, contacts)
select order_id, 1, '[]' from story where kind <> 'rejected';

insert into fulfillment.shipment (
    shipment_id, order_id, location_id, ship_group_id, order_version, state, parcels_made, released_at
)
select
    shipment_id, order_id, 'LONDON', '1', 1, case kind when 'waiting' then 'released' else 'packed' end,
    case kind when 'waiting' then 0 when 'lost' then 2 else 1 end, now()
from story
where kind in ('paid', 'waiting', 'lost', 'transferred');

insert into fulfillment.pick (shipment_id, number, line_id, sku, bin, quantity, picked, released)
select shipment_id, line_id::integer, line_id, sku, '01', allocated + cancelled, picked, cancelled
from unit
where allocated > 0;

insert into fulfillment.parcel (
    shipment_id, number, sscc, carton_id, length_mm, width_mm, height_mm, weight_g, dunnage_ml
)
select
    shipment_id, number, lpad((10 * substring(order_id from 7)::bigint + number)::text, 18, '0'), 'BOX-1',
    300, 200, 100, 1500, 0
from carried
group by shipment_id, order_id, number;

insert into fulfillment.parcel_line (shipment_id, number, line_id, quantity)
select shipment_id, number, line_id, quantity from carried;

-- --- shipping -------------------------------------------------------------------------------------------------------

insert into shipping.contact (order_id, version, contacts)
select order_id, 1, '[]' from story where kind <> 'rejected';

insert into shipping.shipment (shipment_id, order_id, location_id, ship_group_id, currency, deliver_by, lines)
select shipment_id, order_id, 'LONDON', '1', 'GBP', current_date, jsonb_object_agg(line_id, allocated)
from unit
where allocated > 0
group by shipment_id, order_id;

insert into shipping.parcel (
    parcel_id, shipment_id, order_version, sscc, weight_g, length_mm, width_mm, height_mm, lines, milestone, reported_at
)
select
    parcel_id, shipment_id, 1, sscc, weight_g, length_mm, width_mm, height_mm, jsonb_object_agg(line_id, quantity),
    milestone, now()
from carried
inner join fulfillment.parcel using (shipment_id, number)
group by parcel_id, shipment_id, sscc, weight_g, length_mm, width_mm, height_mm, milestone;

insert into shipping.label (
    tracking_number, carrier_key, parcel_id, carrier, service, cost, currency, deliver_by
)
select distinct 'T-' || parcel_id, 'post', parcel_id, 'Post', 'standard', 350, 'GBP', current_date from carried;

insert into shipping.dispatch (shipment_id, manifest_id, dispatched_at)
select distinct shipment_id, 'LONDON/Post/1', now() from carried;

insert into shipping.tracking_report (parcel_id, occurred_at, code, milestone, verdict)
select distinct parcel_id, now(), milestone, milestone, 'ended' from carried;

-- --- billing --------------------------------------------------------------------------------------------------------

insert into billing.order_account (
    order_id, seller, customer_id, currency, placed_at, due, moved, days_net, requests, funds, lost_reason, exposed, is_wanted
)
select
    order_id, 'shop', customer_id, 'GBP', now(), placed - relief - credited,
    case kind when 'transferred' then placed else 0 end, 30, 0,
    case kind when 'held' then 'lost' else 'secured' end, case kind when 'held' then 'declined' end,
    case kind when 'waiting' then placed else 0 end, kind <> 'cancelled'
from bill;

insert into billing.customer_exposure (customer_id, currency, exposure)
select customer_id, currency, sum(exposed) from billing.order_account group by customer_id, currency;

insert into billing.order_line (order_id, line_id, position, sku, quantity, amount, discount)
select order_id, line_id, line_id::smallint, sku, ordered, 1000 * ordered, 0 from unit;

insert into billing.cancelled_line (order_id, line_id, ask_id, quantity)
select order_id, line_id, order_id || '.ask-1', cancelled from unit where cancelled > 0;

insert into billing.payment (
    order_id, payment_id, position, reference, method, moment, amount, captured, refunded, reason, is_granted
)
select
    order_id, '1', 1, 'PAY-' || order_id, 'card',
    case when kind in ('waiting', 'transferred') then 'account' when kind = 'cancelled' then 'captured' else 'dispatch' end,
    placed,
    case when kind in ('paid', 'lost') then invoiced when kind = 'cancelled' then placed else 0 end,
    case kind when 'lost' then credited when 'cancelled' then placed else 0 end,
    case kind when 'held' then 'declined' end, kind in ('waiting', 'transferred')
from bill;

insert into billing.payment_request (request_id, order_id, payment_id, wish, amount, refund_id, state, asked_at)
select order_id || '.request-1', order_id, payment_id, 'capture', captured, null, 'granted', now()
from billing.payment
where captured > 0 and moment = 'dispatch'
union all
select order_id || '.request-2', order_id, payment_id, 'refund', refunded, order_id || '.refund', 'granted', now()
from billing.payment
where refunded > 0;

insert into billing.payment_operation (operation_id, order_id, payment_id, outcome, amount, request_id, taken_at)
select
    'operation-' || request_id, order_id, payment_id, case wish when 'capture' then 'captured' else 'refunded' end,
    amount, request_id, now()
from billing.payment_request;

insert into billing.invoice_series (series, last_number)
select 'SHOP', count(*) from bill where invoiced > 0
union all
select 'CN-SHOP', count(*) from bill where credited > 0;

insert into billing.invoice (
    invoice_number, order_id, shipment_id, series, serial, customer_id, currency, total, charges, tax, paid, credited,
    issued_on, due_on, remittance_key
)
select
    'SHOP-' || lpad(serial::text, 6, '0'), order_id, shipment_id, 'SHOP', serial, customer_id, 'GBP', invoiced, 500, tax,
    invoiced - credited, credited, current_date, current_date + 30, 'shop' || lpad(serial::text, 6, '0')
from bill
where invoiced > 0;

insert into billing.invoice_line (
    order_id, line_id, invoice_number, first, quantity, amount, discount, tax_added, tax_included
)
select order_id, line_id, invoice_number, 0, dispatched, 1000 * dispatched, 0, 200 * dispatched, 0
from unit
inner join billing.invoice using (order_id);

insert into billing.credit_note (credit_note_number, order_id, invoice_number, parcel_id, total, charges, issued_on)
select 'CN-SHOP-' || lpad(note::text, 6, '0'), order_id, invoice_number, bill.shipment_id || '.2', bill.credited, 0, current_date
from bill
inner join billing.invoice using (order_id)
where bill.credited > 0;

insert into billing.credit_line (order_id, line_id, invoice_number, credit_note_number, quantity, amount)
select order_id, '1', invoice_number, credit_note_number, 1, total from billing.credit_note;

insert into billing.transfer (bank_reference, amount, currency, value_date, state)
select 'BANK-' || order_id, placed, 'GBP', current_date, 'matched' from bill where kind = 'transferred'
union all
select 'BANK-nobody', 4200, 'GBP', current_date, 'suspense';

insert into billing.shipped_cost (shipment_id, line_id, quantity, cost, currency)
select shipment_id, line_id, dispatched, 600 * dispatched, 'GBP' from unit where dispatched > 0;

create temporary table posting on commit drop as
select entry.kind, entry.reference, order_id, account, entry.amount
from bill
inner join billing.payment using (order_id)
cross join lateral (
    values
    ('received', order_id, 'cash_in_transit', captured),
    ('received', order_id, 'customer_deposits', -captured),
    ('invoice', bill.shipment_id, 'receivable', invoiced),
    ('invoice', bill.shipment_id, 'tax_payable', -tax),
    ('invoice', bill.shipment_id, 'carriage', case when invoiced > 0 then -500 else 0 end),
    ('invoice', bill.shipment_id, 'revenue', -5 * tax),
    ('applied', bill.shipment_id, 'customer_deposits', invoiced),
    ('applied', bill.shipment_id, 'receivable', -invoiced),
    ('credit_note', bill.shipment_id, 'revenue', credited * 5 / 6),
    ('credit_note', bill.shipment_id, 'tax_payable', credited / 6),
    ('credit_note', bill.shipment_id, 'customer_deposits', -credited),
    ('refunded', order_id, 'customer_deposits', refunded),
    ('refunded', order_id, 'cash_in_transit', -refunded),
    ('cost_of_goods', bill.shipment_id, 'cost_of_goods', cost),
    ('cost_of_goods', bill.shipment_id, 'inventory', -cost),
    ('transfer_applied', 'BANK-' || order_id, 'suspense', case bill.kind when 'transferred' then placed else 0 end),
    ('transfer_applied', 'BANK-' || order_id, 'customer_deposits', case bill.kind when 'transferred' then -placed else 0 end)
) as entry (kind, reference, account, amount)
union all
select entry.kind, entry.reference, null, account, entry.amount
from billing.transfer
cross join lateral (
    values
    ('transfer_received', bank_reference, 'bank', amount),
    ('transfer_received', bank_reference, 'suspense', -amount)
) as entry (kind, reference, account, amount)
union all
select entry.kind, entry.reference, null, account, entry.amount
from inventory.purchase_line
cross join lateral (
    values
    ('goods_received', purchase_order_id || '/2', 'inventory', 600 * received),
    ('goods_received', purchase_order_id || '/2', 'goods_received_not_invoiced', -600 * received)
) as entry (kind, reference, account, amount);

insert into billing.ledger_transaction (kind, reference, order_id, currency, posted_at)
select kind, reference, order_id, 'GBP', now() from posting where amount <> 0 group by kind, reference, order_id;

insert into billing.ledger_entry (transaction_id, account, amount)
select transaction_id, account::billing.ledger_account, posting.amount
from posting
inner join billing.ledger_transaction using (kind, reference)
where posting.amount <> 0;

-- --- notifications --------------------------------------------------------------------------------------------------

insert into notifications.customer_order (order_id, number)
select order_id, 'W-' || n from story where kind <> 'rejected';

insert into notifications.contact (order_id, version, name, email)
select order_id, 1, 'Ada', 'ada@customers.example' from story where kind <> 'rejected';

insert into notifications.message (order_id, milestone, about, outcome)
select order_id, 'order_confirmed', order_id, 'sent' from story where kind <> 'rejected'
union all
select distinct order_id, 'shipment_dispatched', shipment_id, 'sent' from carried
union all
select distinct
    order_id, case milestone when 'lost' then 'parcel_closed' else 'shipment_delivered' end, parcel_id, 'sent'
from carried
union all
select order_id, 'order_cancelled', ask_id, 'sent' from intake.ask
union all
select order_id, 'order_refunded', refund_id, 'no_contact' from billing.payment_request where wish = 'refund';

-- --- what was said and heard, and what waits ------------------------------------------------------------------------

create temporary table told on commit drop as
select owner, topic, topic || '/' || order_id as queue, lane, revisions
from story
cross join lateral (
    values
    ('intake', 'intake-orders', 3), ('intake', 'intake-contacts', 1), ('inventory', 'inventory-allocations', 2),
    ('fulfillment', 'fulfillment-work', 3), ('shipping', 'shipping-shipments', 4), ('billing', 'billing-accounts', 2),
    ('notifications', 'notification-messages', 2)
) as log (owner, topic, revisions)
where kind <> 'rejected';

do $$
declare
    service text;
begin
    for service in select distinct reader.service from kafka.reader loop
        execute format('insert into %I.said select queue, revisions from told where owner = %L', service, service);
        execute format(
            'insert into %I.heard select queue, revisions from told inner join kafka.reader using (topic)
            where service = %L', service, service
        );
        execute format(
            'insert into %I.tally select topic, lane, ''announced'', sum(revisions) from told where owner = %L
            group by topic, lane', service, service
        );
        execute format(
            'insert into %I.tally select topic, lane, ''handled'', sum(revisions) from told
            inner join kafka.reader using (topic) where service = %L group by topic, lane', service, service
        );
    end loop;
end $$;

-- One report that nobody could read, with one behind it; one too early; one brought home; a timer.
insert into shipping.later (queue, lane, topic, key, subject, headers, reason, due, awaits, error, tries, timer, since)
values
('carrier-tracking/T-1', 3, 'carrier-tracking', 'T-1', 'T-1', '', 'dead', null, null, 'ValueError: no date', 3, false, now()),
('carrier-tracking/T-1', 3, 'carrier-tracking', 'T-1', 'T-1', '', 'behind', null, null, null, 0, false, now()),
('carrier-tracking/T-2', 3, 'carrier-tracking', 'T-2', 'T-2', '', 'early', now(), 'tracking_number T-2', null, 1, false, now()),
('carrier-tracking>order-1', 5, 'carrier-tracking', 'T-3', 'order-1', '', 'due', now(), null, null, 0, false, now()),
('note/1', 5, 'note', 'order-1', 'order-1', '', 'due', now() + interval '1 day', null, null, 0, true, now());

insert into shipping.tally (topic, lane, outcome, messages)
values ('carrier-tracking', 3, 'handled', 5), ('carrier-tracking', 3, 'later', 3), ('carrier-tracking', 3, 'duplicate', 1);

insert into kafka.log (topic, lane, "end")
select topic, lane, sum(revisions) from told group by topic, lane
union all
select 'carrier-tracking', 3, 9;

insert into kafka.position (service, topic, lane, next)
select service, topic, lane, "end" from kafka.log inner join kafka.reader using (topic);
