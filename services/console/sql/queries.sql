-- Every statement of the console.  What pages ask is bounded by a limit and served by an index; lists go on by key, never
-- by offset.  Optional filters are null where they do not matter: readers plan each statement for its values (store/sql.py).

-- Flow ---------------------------------------------------------------------------------------------------------------

-- name: stage_tallies
select stage, orders from stage_tally where orders > 0;

-- name: oldest_in_stages
-- A look into the index for each stage, instead of a walk over all that waits.
select wanted.stage, first.since
from unnest(:stages::text[]) as wanted (stage)
cross join lateral (
    select since from placed_order
    where placed_order.stage = wanted.stage and placed_order.stage not in ('completed', 'cancelled', 'rejected')
      and since is not null
    order by since limit 1) as first;

-- name: held_orders
select count(distinct order_id) as orders from hold where lifted_at is null;

-- name: backordered_orders
select count(distinct order_id) as orders from backorder where waiting > 0;

-- name: resting_letters
select count(*) as letters from dead_letter where resolution is null;

-- name: paces
-- Whole buckets only: the newest is still filling.
select topic.name as topic, type.name as type, sum(records)::bigint as records
from pace
join wire_name as type on type.id = pace.type
join wire_name as topic on topic.id = pace.topic
where bucket >= :since::timestamptz and bucket < :before::timestamptz
group by topic.name, type.name
order by topic.name, type.name;

-- name: pace_history
select date_bin(make_interval(secs => :seconds::int), bucket, 'epoch') as at, sum(records)::bigint as records
from pace join wire_name on wire_name.id = pace.type
where wire_name.name = :type and bucket >= :since::timestamptz
group by 1 order by 1;

-- name: risk_counts
select
    (select count(*) from placed_order
     where stage in ('received', 'released', 'allocated', 'packed') and ship_by < :now::timestamptz) as late_to_ship,
    (select count(*) from placed_order
     where stage in ('received', 'released', 'allocated', 'packed')
       and ship_by >= :now::timestamptz and ship_by < :soon::timestamptz) as soon_to_ship,
    (select count(*) from placed_order where stage = 'dispatched' and deliver_by < :today::date) as late_to_arrive;

-- name: at_risk
-- Sorted by the day it should leave, the longest overdue first.
select order_id, channel, channel_order_id, stage, since, ship_by, deliver_by, units, units_dispatched, holds
from placed_order
where stage in ('received', 'released', 'allocated', 'packed') and ship_by < :before::timestamptz
  and (ship_by, order_id) > (:after_at::timestamptz, :after_id::text)
order by ship_by, order_id
limit :limit;

-- name: late_to_arrive
select order_id, channel, channel_order_id, stage, since, ship_by, deliver_by, units, units_dispatched, holds
from placed_order
where stage = 'dispatched' and deliver_by < :today::date
  and (deliver_by, order_id) > (:after_day::date, :after_id::text)
order by deliver_by, order_id
limit :limit;

-- name: progress
select topic, lane, next, at from projected order by topic, lane;

-- name: unreadable_records
select topic, lane, position, key, type, error, at from unreadable order by at desc, topic, lane, position limit :limit;

-- Orders -------------------------------------------------------------------------------------------------------------

-- name: orders_named
-- What a person may type: an order, its number at the channel, a parcel's tracking number, a customer.
select order_id from (
    select order_id from placed_order where order_id = :text
    union
    (select order_id from placed_order where channel_order_id = :text limit :limit)
    union
    (select order_id from placed_order
     where channel = split_part(:text, ':', 1) and channel_order_id = split_part(:text, ':', 2) limit :limit)
    union
    (select order_id from parcel where tracking_number = :text limit :limit)
    union
    (select order_id from placed_order where customer_id = :text order by placed_at desc limit :limit)
    union
    (select order_id from placed_order where channel_order_id like :beginning::text limit :limit)
) as found
limit :limit;

-- name: orders_by_id
select order_id, channel, channel_order_id, customer_id, country, currency, total, units, placed_at, stage, since, holds,
    ship_by, deliver_by, shipped_at, delivered_at, incidents
from placed_order
where order_id = any(:order_ids::text[])
  and (:stage::text is null or stage = :stage)
  and (:channel::text is null or channel = :channel)
  and (:customer_id::text is null or customer_id = :customer_id)
  and (:country::text is null or country = :country)
  and (:placed_from::timestamptz is null or placed_at >= :placed_from)
  and (:placed_before::timestamptz is null or placed_at < :placed_before)
  and (:incident::text is null or :incident = any(incidents))
  and (:is_held::boolean is null or (holds <> '{}') = :is_held);

-- name: orders_by_newest
select order_id, channel, channel_order_id, customer_id, country, currency, total, units, placed_at, stage, since, holds,
    ship_by, deliver_by, shipped_at, delivered_at, incidents
from placed_order
where (placed_at, order_id) < (:after::timestamptz, :after_id::text)
  and (:stage::text is null or stage = :stage)
  and (:channel::text is null or channel = :channel)
  and (:customer_id::text is null or customer_id = :customer_id)
  and (:country::text is null or country = :country)
  and (:placed_from::timestamptz is null or placed_at >= :placed_from)
  and (:placed_before::timestamptz is null or placed_at < :placed_before)
  and (:incident::text is null or :incident = any(incidents))
  and (:is_held::boolean is null or (holds <> '{}') = :is_held)
order by placed_at desc, order_id desc
limit :limit;

-- name: orders_by_oldest
select order_id, channel, channel_order_id, customer_id, country, currency, total, units, placed_at, stage, since, holds,
    ship_by, deliver_by, shipped_at, delivered_at, incidents
from placed_order
where (placed_at, order_id) > (:after::timestamptz, :after_id::text)
  and (:stage::text is null or stage = :stage)
  and (:channel::text is null or channel = :channel)
  and (:customer_id::text is null or customer_id = :customer_id)
  and (:country::text is null or country = :country)
  and (:placed_from::timestamptz is null or placed_at >= :placed_from)
  and (:placed_before::timestamptz is null or placed_at < :placed_before)
  and (:incident::text is null or :incident = any(incidents))
  and (:is_held::boolean is null or (holds <> '{}') = :is_held)
order by placed_at, order_id
limit :limit;

-- name: orders_by_longest_in_stage
select order_id, channel, channel_order_id, customer_id, country, currency, total, units, placed_at, stage, since, holds,
    ship_by, deliver_by, shipped_at, delivered_at, incidents
from placed_order
where stage not in ('completed', 'cancelled', 'rejected')
  and (since, order_id) > (:after::timestamptz, :after_id::text)
  and (:stage::text is null or stage = :stage)
  and (:channel::text is null or channel = :channel)
  and (:customer_id::text is null or customer_id = :customer_id)
  and (:country::text is null or country = :country)
  and (:placed_from::timestamptz is null or placed_at >= :placed_from)
  and (:placed_before::timestamptz is null or placed_at < :placed_before)
  and (:incident::text is null or :incident = any(incidents))
  and (:is_held::boolean is null or (holds <> '{}') = :is_held)
order by since, order_id
limit :limit;

-- name: orders_by_ship_by
select order_id, channel, channel_order_id, customer_id, country, currency, total, units, placed_at, stage, since, holds,
    ship_by, deliver_by, shipped_at, delivered_at, incidents
from placed_order
where stage in ('received', 'released', 'allocated', 'packed')
  and (ship_by, order_id) > (:after::timestamptz, :after_id::text)
  and (:stage::text is null or stage = :stage)
  and (:channel::text is null or channel = :channel)
  and (:customer_id::text is null or customer_id = :customer_id)
  and (:country::text is null or country = :country)
  and (:placed_from::timestamptz is null or placed_at >= :placed_from)
  and (:placed_before::timestamptz is null or placed_at < :placed_before)
  and (:incident::text is null or :incident = any(incidents))
  and (:is_held::boolean is null or (holds <> '{}') = :is_held)
order by ship_by, order_id
limit :limit;

-- name: orders_by_largest
select order_id, channel, channel_order_id, customer_id, country, currency, total, units, placed_at, stage, since, holds,
    ship_by, deliver_by, shipped_at, delivered_at, incidents
from placed_order
where (total, order_id) < (:after::bigint, :after_id::text)
  and (:stage::text is null or stage = :stage)
  and (:channel::text is null or channel = :channel)
  and (:customer_id::text is null or customer_id = :customer_id)
  and (:country::text is null or country = :country)
  and (:placed_from::timestamptz is null or placed_at >= :placed_from)
  and (:placed_before::timestamptz is null or placed_at < :placed_before)
  and (:incident::text is null or :incident = any(incidents))
  and (:is_held::boolean is null or (holds <> '{}') = :is_held)
order by total desc, order_id desc
limit :limit;

-- One order's story -----------------------------------------------------------------------------------------------------

-- name: story_head
select order_id, channel, channel_order_id, customer_id, seller, country, currency, total, units, placed_at, received_at,
    released_at, completed_at, stage, since, holds, incidents, funds, funds_reason, settled_at, first_ship_by,
    first_deliver_by, ship_by, deliver_by, shipped_at, delivered_at, units_cancelled, units_allocated, units_packed,
    units_dispatched, units_delivered, units_lost, goods_cost, label_cost, packaging_cost
from placed_order where order_id = :order_id;

-- name: story_keys
-- Under which keys anybody speaks about the order: its id, its channel's number, work, parcels, purchases.
select :order_id::text as key
union select channel || ':' || channel_order_id from placed_order
    where order_id = :order_id and channel_order_id is not null
union select work_id from work where order_id = :order_id
union select tracking_number from parcel where order_id = :order_id and tracking_number is not null
union select purchase_order_id from backorder where order_id = :order_id and purchase_order_id is not null;

-- name: pointers
-- A record that was published again is the same event: shown once, where it lies first.
select * from (
    select distinct on (topic.name, event_id) topic.name as topic, lane, position, key, type.name as type, at,
        event_id::text as event_id, cause_id::text as cause_id
    from pointer
    join wire_name as topic on topic.id = pointer.topic
    join wire_name as type on type.id = pointer.type
    where key = any(:keys::text[])
    order by topic.name, event_id, position
) as known
order by at, topic, lane, position
limit :limit;

-- name: story_lines
select line_id, sku, description, order_line.quantity, amount, value,
    coalesce(backorder.waiting, 0) as waiting, case when backorder.waiting > 0 then expected_on end as expected_on
from order_line left join backorder using (order_id, line_id, sku)
where order_id = :order_id
order by length(line_id), line_id;

-- name: story_holds
select hold_id, reason, text, held_by, held_at, lifted_by, lifted_at from hold where order_id = :order_id order by hold_id;

-- name: story_cancellations
select ask_id, asked_at, purpose, reason, actor, cancelled_at, lines, too_late
from cancellation where order_id = :order_id order by ask_id;

-- name: story_promises
select revision, promised_at, cause, lines from promise where order_id = :order_id order by revision;

-- name: story_sourcings
select allocation_id, allocated_at, currency, plan, lost_plans
from sourcing where order_id = :order_id order by allocated_at, allocation_id;

-- name: story_shipments
select shipment_id, location_id, ship_group_id, service, allocated_at, ship_by, deliver_by, units, lines, packed_at,
    manifest_id, dispatched_at, goods_cost, cost_currency
from shipment where order_id = :order_id order by length(shipment_id), shipment_id;

-- name: story_parcels
select parcel_id, shipment_id, sscc, carton_id, weight_g, units, lines, packed_at, carrier, service, tracking_number,
    label_cost, label_currency, lost_quotes, labelled_at, voided_at, dispatched_at, status, place, estimate, exception,
    status_at, delivered_at, outcome
from parcel where order_id = :order_id order by length(parcel_id), parcel_id;

-- name: story_short_picks
select pick_id, shipment_id, line_id, sku, bin, expected, found, at from short_pick where order_id = :order_id order by at;

-- name: story_messages
select message_id, milestone, about, medium, template, sent_at, failed_at, reason
from message where order_id = :order_id order by coalesce(sent_at, failed_at), message_id;

-- name: story_money
select revision, at, kind, amount, currency, payment_id, invoice_number, refund_id, note
from money_event where order_id = :order_id order by revision;

-- name: story_invoices
select invoice_number, order_id, customer_id, shipment_id, issued_at, issued_on, due_on, currency,
    coalesce(total, 0) as total, coalesce(tax, 0) as tax, coalesce(deposits_applied, 0) as deposits_applied, open, paid_at
from invoice where order_id = :order_id order by issued_at, invoice_number;

-- name: story_refunds
select refund_id, order_id, payment_id, amount, currency, requested_at, completed_at, credit_note_number
from refund where order_id = :order_id order by requested_at, refund_id;

-- Dead letters -----------------------------------------------------------------------------------------------------------

-- name: piles
select service, reason, message_type, error, count(*) as letters, min(dead_at) as oldest
from dead_letter where resolution is null
group by service, reason, message_type, error
order by min(dead_at);

-- name: letters
select dead_letter_id, service, topic, lane, position, key, message_type, message_id, reason, error, attempts, dead_at,
    resolution, actor, why, resolved_at
from dead_letter
where (resolution is null) = :is_resting::boolean
  and (:service::text is null or service = :service)
  and (:reason::text is null or reason = :reason)
  and (:message_type::text is null or message_type = :message_type)
  and (:error::text is null or error = :error)
  and (dead_at, dead_letter_id) > (:after::timestamptz, :after_id::text)
order by dead_at, dead_letter_id
limit :limit;

-- name: letter
select dead_letter_id, service, topic, lane, position, key, message_type, message_id, reason, error, attempts, dead_at,
    resolution, actor, why, resolved_at
from dead_letter where dead_letter_id = :dead_letter_id;

-- name: letters_about
select dead_letter_id, service, topic, lane, position, key, message_type, message_id, reason, error, attempts, dead_at,
    resolution, actor, why, resolved_at
from dead_letter where key = any(:keys::text[]) order by dead_at;

-- name: parked_behind
-- Later records of the same topic and key: the service that set the letter aside has parked them behind it.
select topic.name as topic, lane, position, key, type.name as type, at,
    event_id::text as event_id, cause_id::text as cause_id
from pointer
join wire_name as topic on topic.id = pointer.topic
join wire_name as type on type.id = pointer.type
where key = :key and topic.name = :topic and position > :position::bigint
order by position
limit :limit;

-- Stock --------------------------------------------------------------------------------------------------------------

-- name: levels
select sku, item.name, location_id, stock_level.stock_owner, on_hand, available, moved_at,
    coalesce((select sum(waiting) from backorder where backorder.sku = stock_level.sku and waiting > 0), 0)::bigint
        as backordered
from stock_level left join item using (sku)
where (:sku::text is null or sku like :sku)
  and (:location_id::text is null or location_id = :location_id)
  and (not :only_short::boolean or available <= 0)
  and (sku, location_id) > (:after::text, :after_id::text)
order by sku, location_id
limit :limit;

-- name: locations
select location_id, kind, city, country from location order by location_id;

-- name: movements
select movement_id, at, sku, location_id, stock_owner, kind, quantity, bin, lot, unit_cost, cause
from movement
where sku = :sku
  and (:location_id::text is null or location_id = :location_id)
  and (:kind::text is null or kind = :kind)
  and (at, movement_id) < (:after::timestamptz, :after_id::text)
order by at desc, movement_id desc
limit :limit;

-- name: reservations
-- Open orders that want the item.  Held: allocated and not yet gone; what was promised from stock, before that.
select order_id, channel, channel_order_id, stage, ship_by, line.line_id, line.quantity,
    coalesce(backorder.waiting, 0) as waiting, held.reserved, held.locations, promised.reserved as promised,
    promised.locations as promised_at
from (
    select order_id, line_id, quantity from order_line
    where sku = :sku and is_open and order_id > :after::text
    order by order_id limit :limit) as line
join placed_order using (order_id)
left join backorder using (order_id, line_id)
left join lateral (
    select sum((part ->> 'quantity')::int)::int as reserved, array_agg(distinct location_id) as locations
    from shipment cross join lateral jsonb_array_elements(shipment.lines) as part
    where shipment.order_id = line.order_id and dispatched_at is null and part ->> 'line_id' = line.line_id
) as held on true
left join lateral (
    select sum((part ->> 'available')::int)::int as reserved, array_agg(distinct part ->> 'location_id') as locations
    from promise cross join lateral jsonb_array_elements(promise.lines) as part
    where promise.order_id = line.order_id and promise.cause is null and part ->> 'line_id' = line.line_id
      and (part ->> 'available')::int > 0
) as promised on placed_order.stage in ('received', 'released')
order by order_id, line.line_id;

-- name: backorders
select order_id, line_id, sku, quantity, waiting, backorder.since, backorder.expected_on, purchase_order_id, supplier_id, answer,
    ship_by, deliver_by
from backorder
left join purchase using (purchase_order_id)
left join placed_order using (order_id)
where waiting > 0
  and (:sku::text is null or sku = :sku)
  and (coalesce(backorder.expected_on, date '9999-12-31'), order_id || '/' || line_id) > (:after::date, :after_id::text)
order by coalesce(backorder.expected_on, date '9999-12-31'), order_id || '/' || line_id
limit :limit;

-- name: purchases
select purchase_order_id, supplier_id, location_id, currency, cost, ordered_at, wanted_on, answer, expected_on, received_at
from purchase
where (not :only_open::boolean or received_at is null and answer is distinct from 'refused')
  and (ordered_at, purchase_order_id) < (:after::timestamptz, :after_id::text)
order by ordered_at desc, purchase_order_id desc
limit :limit;

-- Money --------------------------------------------------------------------------------------------------------------

-- name: receivables
select customer_id, currency, count(*) as invoices,
    coalesce(sum(open) filter (where due_on >= :today::date), 0)::bigint as not_due,
    coalesce(sum(open) filter (where due_on < :today and due_on >= :today - 30), 0)::bigint as to_30,
    coalesce(sum(open) filter (where due_on < :today - 30 and due_on >= :today - 60), 0)::bigint as to_60,
    coalesce(sum(open) filter (where due_on < :today - 60 and due_on >= :today - 90), 0)::bigint as to_90,
    coalesce(sum(open) filter (where due_on < :today - 90), 0)::bigint as older,
    min(due_on) as oldest_due_on
from invoice
where open > 0 and (:customer_id::text is null or customer_id = :customer_id)
group by customer_id, currency
order by sum(open) desc, customer_id
limit :limit;

-- name: open_invoices
select invoice_number, order_id, customer_id, shipment_id, issued_at, issued_on, due_on, currency,
    coalesce(total, 0) as total, coalesce(tax, 0) as tax, coalesce(deposits_applied, 0) as deposits_applied, open, paid_at
from invoice
where open > 0
  and (:customer_id::text is null or customer_id = :customer_id)
  and (due_on, invoice_number) > (:after::date, :after_id::text)
order by due_on, invoice_number
limit :limit;

-- name: invoices
select invoice_number, order_id, customer_id, shipment_id, issued_at, issued_on, due_on, currency,
    coalesce(total, 0) as total, coalesce(tax, 0) as tax, coalesce(deposits_applied, 0) as deposits_applied, open, paid_at
from invoice
where (issued_at, invoice_number) < (:after::timestamptz, :after_id::text)
  and (:customer_id::text is null or customer_id = :customer_id)
order by issued_at desc, invoice_number desc
limit :limit;

-- name: refunds
select refund_id, order_id, payment_id, amount, currency, requested_at, completed_at, credit_note_number
from refund
where (requested_at, refund_id) < (:after::timestamptz, :after_id::text)
  and (not :only_open::boolean or completed_at is null)
order by requested_at desc, refund_id desc
limit :limit;

-- The auditor --------------------------------------------------------------------------------------------------------

-- name: last_report
select taken_at, report from audit_report order by taken_at desc limit 1;

-- Key figures -----------------------------------------------------------------------------------------------------------

-- name: figures
select day, name, currency, numerator, denominator, p50, p90, p99
from figure
where name = any(:names::text[]) and day >= :since::date and day < :before::date
order by name, currency, day;

-- name: orders_behind_placed
select order_id, channel, channel_order_id, currency, total, placed_at as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where placed_at >= :since::timestamptz and placed_at < :before::timestamptz and promised_at is not null
  and (not :only_bad::boolean or lines_available < lines_promised)
  and (placed_at, order_id) < (:after::timestamptz, :after_id::text)
order by placed_at desc, order_id desc
limit :limit;

-- name: orders_behind_shipped
select order_id, channel, channel_order_id, currency, total, shipped_at as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where shipped_at >= :since::timestamptz and shipped_at < :before::timestamptz
  and (not :only_bad::boolean or incidents && array['short_pick', 'parcel_destroyed'])
  and (shipped_at, order_id) < (:after::timestamptz, :after_id::text)
order by shipped_at desc, order_id desc
limit :limit;

-- name: orders_behind_due
select order_id, channel, channel_order_id, currency, total, first_ship_by as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where first_ship_by >= :since::timestamptz and first_ship_by < :before::timestamptz
  and stage not in ('cancelled', 'rejected') and (shipped_at is not null or first_ship_by < :now::timestamptz)
  and (not :only_bad::boolean or shipped_at is null or shipped_at > first_ship_by)
  and (first_ship_by, order_id) < (:after::timestamptz, :after_id::text)
order by first_ship_by desc, order_id desc
limit :limit;

-- name: orders_behind_delivered
select order_id, channel, channel_order_id, currency, total, delivered_at as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where delivered_at >= :since::timestamptz and delivered_at < :before::timestamptz
  and (not :only_bad::boolean or incidents <> '{}')
  and (delivered_at, order_id) < (:after::timestamptz, :after_id::text)
order by delivered_at desc, order_id desc
limit :limit;

-- name: orders_behind_ended
select order_id, channel, channel_order_id, currency, total, ended_at as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where ended_at >= :since::timestamptz and ended_at < :before::timestamptz
  and (not :only_bad::boolean or incidents <> '{}')
  and (ended_at, order_id) < (:after::timestamptz, :after_id::text)
order by ended_at desc, order_id desc
limit :limit;
