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
  and (:incident::text is null or incidents <> '{}' and incidents @> array[:incident::text])
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
  and (:incident::text is null or incidents <> '{}' and incidents @> array[:incident::text])
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
  and (:incident::text is null or incidents <> '{}' and incidents @> array[:incident::text])
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
  and (:incident::text is null or incidents <> '{}' and incidents @> array[:incident::text])
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
  and (:incident::text is null or incidents <> '{}' and incidents @> array[:incident::text])
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
  and (:incident::text is null or incidents <> '{}' and incidents @> array[:incident::text])
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
select line_id, sku, description, line.quantity, amount, value,
    coalesce(backorder.waiting, 0) as waiting, case when backorder.waiting > 0 then expected_on end as expected_on
from order_lines
cross join lateral jsonb_to_recordset(lines) as line (
    line_id text collate "C", sku text collate "C", description text, quantity int, amount bigint, value bigint)
left join backorder using (order_id, line_id, sku)
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

-- name: message_told_at
select sent_at from message where message_id = :message_id;

-- name: story_money
select revision, at, kind, amount, currency, payment_id, invoice_number, open, refund_id, note
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
where case when :is_resting::boolean then resolution is null else resolution is not null end
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
-- Each row is what one event told: it is read only where it mentions the kind at all.
select movement_id, at, sku, told.location_id, told.stock_owner, kind, quantity, bin, lot, unit_cost, cause
from (select sku, at, event::jsonb as event from movement
      where sku = :sku and at <= :after::timestamptz and (:kind::text is null or strpos(event, :kind) > 0)) as movement
cross join lateral jsonb_to_record(event) as told (location_id text, stock_owner text, movements jsonb)
cross join lateral jsonb_to_recordset(movements) as moved (
    movement_id text collate "C", kind text, quantity bigint, bin text, lot text, unit_cost text, cause text)
where (:location_id::text is null or told.location_id = :location_id)
  and (:kind::text is null or kind = :kind)
  and (at, movement_id) < (:after, :after_id::text)
order by at desc, movement_id desc
limit :limit;

-- name: reservations
-- Open orders that want the item.  Held: allocated and not yet gone; what was promised from stock, before that.
select order_id, channel, channel_order_id, stage, ship_by, line.line_id, line.quantity,
    coalesce(backorder.waiting, 0) as waiting, held.reserved, held.locations, promised.reserved as promised,
    promised.locations as promised_at
from (
    select order_id, part.line_id, part.quantity
    from (
        select order_id, lines from order_lines
        where jsonb_path_query_array(lines, '$[*].sku') ? :sku and is_open and order_id > :after::text
        order by order_id limit :limit) as wanting
    cross join lateral jsonb_to_recordset(lines) as part (line_id text collate "C", sku text, quantity int)
    where part.sku = :sku
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

-- name: save_report
insert into audit_report (taken_at, report) values (:taken_at::timestamptz, (:report::text)::jsonb)
on conflict (taken_at) do nothing;

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
where placed_at >= :since::timestamptz and placed_at < :before::timestamptz
  and (:currency::text = '' or currency = :currency)
  and case :name::text when 'K13' then stage not in ('cancelled', 'rejected') else lines_promised is not null end
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
  and (:currency::text = '' or currency = :currency)
  and (not :only_bad::boolean or case :name::text
      when 'K14' then is_unprofitable
      else incidents <> '{}' and incidents && array['short_pick', 'parcel_destroyed'] end)
  and (shipped_at, order_id) < (:after::timestamptz, :after_id::text)
order by shipped_at desc, order_id desc
limit :limit;

-- name: orders_behind_due
select order_id, channel, channel_order_id, currency, total, first_ship_by as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where first_ship_by >= :since::timestamptz and first_ship_by < :before::timestamptz
  and (:currency::text = '' or currency = :currency)
  and stage not in ('cancelled', 'rejected') and (shipped_at is not null or first_ship_by < :now::timestamptz)
  and (not :only_bad::boolean or (shipped_at is null or shipped_at > first_ship_by))
  and (first_ship_by, order_id) < (:after::timestamptz, :after_id::text)
order by first_ship_by desc, order_id desc
limit :limit;

-- name: orders_behind_delivered
select order_id, channel, channel_order_id, currency, total, delivered_at as counted_at, placed_at, packed_at, shipped_at,
    delivered_at, first_ship_by, first_deliver_by, stage, value_cancelled, goods_cost, label_cost, packaging_cost,
    lines_promised, lines_available, units_promised, units_available, incidents
from placed_order
where delivered_at >= :since::timestamptz and delivered_at < :before::timestamptz
  and (:currency::text = '' or currency = :currency)
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
  and (:currency::text = '' or currency = :currency)
  and (not :only_bad::boolean or incidents <> '{}')
  and (ended_at, order_id) < (:after::timestamptz, :after_id::text)
order by ended_at desc, order_id desc
limit :limit;

-- What the projector writes ----------------------------------------------------------------------------------------------
-- Each row by its natural key, in any order: a column told once keeps its first value, one told again and again that of
-- the newest revision.  What is derived is worked out anew from those rows (settle_…), so nothing is ever added twice.

-- name: begin_append
savepoint append;

-- name: end_append
release savepoint append;

-- name: undo_append
rollback to savepoint append;

-- name: known_names
select name, id from wire_name where name = any(:names::text[]);

-- name: add_names
insert into wire_name (name) select unnest(:names::text[]) on conflict (name) do nothing returning name, id;

-- name: add_paces
insert into pace (bucket, type, topic, records)
select * from unnest(:buckets::timestamptz[], :types::smallint[], :topics::smallint[], :records::bigint[])
on conflict (bucket, type, topic) do update set records = pace.records + excluded.records;

-- name: forget_paces
delete from pace where bucket < :before::timestamptz;

-- name: forget_reports
-- The last one stays, however old: it is the last word.
delete from audit_report
where taken_at < :before::timestamptz and taken_at < (select max(taken_at) from audit_report);

-- name: keep_days
select keep_days(current_schema()::text, :first::date, :last::date);

-- name: save_placed_order
insert into placed_order (
    order_id, channel, channel_order_id, customer_id, seller, country, currency, total, units, placed_at, received_at,
    rejected_at, released_at, completed_at, funds, funds_reason, funds_revision, settled_at, promised_at, first_ship_by,
    first_deliver_by, ship_by, deliver_by, promise_revision, lines_promised, lines_available, units_promised,
    units_available, since)
select order_id, channel, channel_order_id, customer_id, seller, country, currency, coalesce(total, 0), coalesce(units, 0),
    placed_at, received_at, rejected_at, released_at, completed_at, funds, funds_reason, coalesce(funds_revision, 0),
    settled_at, promised_at, first_ship_by, first_deliver_by, first_ship_by, first_deliver_by,
    coalesce(promise_revision, 0), lines_promised, lines_available, units_promised, units_available, received_at
from unnest(
    :order_id::text[], :channel::text[], :channel_order_id::text[], :customer_id::text[], :seller::text[],
    :country::text[], :currency::text[], :total::bigint[], :units::bigint[], :placed_at::timestamptz[],
    :received_at::timestamptz[], :rejected_at::timestamptz[], :released_at::timestamptz[], :completed_at::timestamptz[],
    :funds::text[], :funds_reason::text[], :funds_revision::int[], :settled_at::timestamptz[],
    :promised_at::timestamptz[], :first_ship_by::timestamptz[], :first_deliver_by::date[], :promise_revision::int[],
    :lines_promised::int[], :lines_available::int[], :units_promised::bigint[], :units_available::bigint[])
    as told (
        order_id, channel, channel_order_id, customer_id, seller, country, currency, total, units, placed_at, received_at,
        rejected_at, released_at, completed_at, funds, funds_reason, funds_revision, settled_at, promised_at,
        first_ship_by, first_deliver_by, promise_revision, lines_promised, lines_available, units_promised,
        units_available)
on conflict (order_id) do update set
    channel = coalesce(placed_order.channel, excluded.channel),
    channel_order_id = coalesce(placed_order.channel_order_id, excluded.channel_order_id),
    customer_id = coalesce(placed_order.customer_id, excluded.customer_id),
    seller = coalesce(placed_order.seller, excluded.seller),
    country = coalesce(placed_order.country, excluded.country),
    currency = coalesce(placed_order.currency, excluded.currency),
    total = greatest(placed_order.total, excluded.total),
    units = greatest(placed_order.units, excluded.units),
    placed_at = coalesce(placed_order.placed_at, excluded.placed_at),
    received_at = coalesce(placed_order.received_at, excluded.received_at),
    rejected_at = coalesce(placed_order.rejected_at, excluded.rejected_at),
    released_at = coalesce(placed_order.released_at, excluded.released_at),
    completed_at = coalesce(placed_order.completed_at, excluded.completed_at),
    funds = case when excluded.funds_revision > placed_order.funds_revision then excluded.funds
                 else placed_order.funds end,
    funds_reason = case when excluded.funds_revision > placed_order.funds_revision then excluded.funds_reason
                        else placed_order.funds_reason end,
    funds_revision = greatest(placed_order.funds_revision, excluded.funds_revision),
    settled_at = greatest(placed_order.settled_at, excluded.settled_at),
    promised_at = coalesce(placed_order.promised_at, excluded.promised_at),
    first_ship_by = coalesce(placed_order.first_ship_by, excluded.first_ship_by),
    first_deliver_by = coalesce(placed_order.first_deliver_by, excluded.first_deliver_by),
    ship_by = coalesce(placed_order.ship_by, excluded.ship_by),
    deliver_by = coalesce(placed_order.deliver_by, excluded.deliver_by),
    promise_revision = greatest(placed_order.promise_revision, excluded.promise_revision),
    lines_promised = coalesce(placed_order.lines_promised, excluded.lines_promised),
    lines_available = coalesce(placed_order.lines_available, excluded.lines_available),
    units_promised = coalesce(placed_order.units_promised, excluded.units_promised),
    units_available = coalesce(placed_order.units_available, excluded.units_available);

-- name: save_order_lines
insert into order_lines (order_id, lines)
select order_id, lines::jsonb from unnest(:order_id::text[], :lines::text[]) as told (order_id, lines)
on conflict (order_id) do nothing;

-- name: save_hold
insert into hold (hold_id, order_id, reason, text, held_by, held_at, lifted_by, lifted_at)
select * from unnest(:hold_id::text[], :order_id::text[], :reason::text[], :text::text[], :held_by::text[],
                     :held_at::timestamptz[], :lifted_by::text[], :lifted_at::timestamptz[])
on conflict (hold_id) do update set
    text = coalesce(hold.text, excluded.text),
    held_by = coalesce(hold.held_by, excluded.held_by),
    held_at = coalesce(hold.held_at, excluded.held_at),
    lifted_by = coalesce(hold.lifted_by, excluded.lifted_by),
    lifted_at = coalesce(hold.lifted_at, excluded.lifted_at);

-- name: save_cancellation
insert into cancellation (ask_id, order_id, asked_at, purpose, reason, actor, cancelled_at, lines, too_late)
select ask_id, order_id, asked_at, purpose, reason, actor, cancelled_at, lines::jsonb, too_late::jsonb
from unnest(:ask_id::text[], :order_id::text[], :asked_at::timestamptz[], :purpose::text[], :reason::text[],
            :actor::text[], :cancelled_at::timestamptz[], :lines::text[], :too_late::text[])
    as told (ask_id, order_id, asked_at, purpose, reason, actor, cancelled_at, lines, too_late)
on conflict (ask_id) do update set
    asked_at = coalesce(cancellation.asked_at, excluded.asked_at),
    purpose = coalesce(cancellation.purpose, excluded.purpose),
    reason = coalesce(cancellation.reason, excluded.reason),
    actor = coalesce(cancellation.actor, excluded.actor),
    cancelled_at = coalesce(cancellation.cancelled_at, excluded.cancelled_at),
    lines = coalesce(cancellation.lines, excluded.lines),
    too_late = coalesce(cancellation.too_late, excluded.too_late);

-- name: save_promise
insert into promise (order_id, revision, promised_at, cause, lines)
select order_id, revision, promised_at, cause, lines::jsonb
from unnest(:order_id::text[], :revision::int[], :promised_at::timestamptz[], :cause::text[], :lines::text[])
    as told (order_id, revision, promised_at, cause, lines)
on conflict (order_id, revision) do nothing;

-- name: save_sourcing
insert into sourcing (allocation_id, order_id, allocated_at, currency, plan, lost_plans)
select allocation_id, order_id, allocated_at, currency, plan::jsonb, lost_plans::jsonb
from unnest(:allocation_id::text[], :order_id::text[], :allocated_at::timestamptz[], :currency::text[], :plan::text[],
            :lost_plans::text[]) as told (allocation_id, order_id, allocated_at, currency, plan, lost_plans)
on conflict (allocation_id) do nothing;

-- name: save_backorder
insert into backorder (
    order_id, line_id, sku, quantity, purchase_order_id, expected_on, since, revision, waiting)
select told.*, told.quantity
from unnest(:order_id::text[], :line_id::text[], :sku::text[], :quantity::int[], :purchase_order_id::text[],
            :expected_on::date[], :since::timestamptz[], :revision::int[])
    as told (order_id, line_id, sku, quantity, purchase_order_id, expected_on, since, revision)
on conflict (order_id, line_id) do update set
    quantity = excluded.quantity, purchase_order_id = excluded.purchase_order_id, expected_on = excluded.expected_on,
    revision = excluded.revision
where excluded.revision > backorder.revision;

-- name: save_shipment
insert into shipment (
    shipment_id, order_id, location_id, ship_group_id, service, allocated_at, ship_by, deliver_by, units, lines,
    released_at, packed_at, manifest_id, dispatched_at, goods_cost, cost_currency)
select shipment_id, order_id, location_id, ship_group_id, service, allocated_at, ship_by, deliver_by, coalesce(units, 0),
    lines::jsonb, released_at, packed_at, manifest_id, dispatched_at, goods_cost, cost_currency
from unnest(
    :shipment_id::text[], :order_id::text[], :location_id::text[], :ship_group_id::text[], :service::text[],
    :allocated_at::timestamptz[], :ship_by::timestamptz[], :deliver_by::date[], :units::bigint[], :lines::text[],
    :released_at::timestamptz[], :packed_at::timestamptz[], :manifest_id::text[], :dispatched_at::timestamptz[],
    :goods_cost::bigint[], :cost_currency::text[])
    as told (
        shipment_id, order_id, location_id, ship_group_id, service, allocated_at, ship_by, deliver_by, units, lines,
        released_at, packed_at, manifest_id, dispatched_at, goods_cost, cost_currency)
on conflict (shipment_id) do update set
    location_id = coalesce(shipment.location_id, excluded.location_id),
    ship_group_id = coalesce(shipment.ship_group_id, excluded.ship_group_id),
    service = coalesce(shipment.service, excluded.service),
    allocated_at = coalesce(shipment.allocated_at, excluded.allocated_at),
    ship_by = coalesce(shipment.ship_by, excluded.ship_by),
    deliver_by = coalesce(shipment.deliver_by, excluded.deliver_by),
    units = greatest(shipment.units, excluded.units),
    lines = coalesce(shipment.lines, excluded.lines),
    released_at = coalesce(shipment.released_at, excluded.released_at),
    packed_at = coalesce(shipment.packed_at, excluded.packed_at),
    manifest_id = coalesce(shipment.manifest_id, excluded.manifest_id),
    dispatched_at = coalesce(shipment.dispatched_at, excluded.dispatched_at),
    goods_cost = coalesce(shipment.goods_cost, excluded.goods_cost),
    cost_currency = coalesce(shipment.cost_currency, excluded.cost_currency);

-- name: save_work
insert into work (work_id, order_id, shipment_id, wave_id, released_at)
select * from unnest(:work_id::text[], :order_id::text[], :shipment_id::text[], :wave_id::text[],
                     :released_at::timestamptz[])
on conflict (work_id) do nothing;

-- name: save_short_pick
insert into short_pick (pick_id, order_id, shipment_id, line_id, sku, bin, expected, found, at)
select * from unnest(:pick_id::text[], :order_id::text[], :shipment_id::text[], :line_id::text[], :sku::text[],
                     :bin::text[], :expected::int[], :found::int[], :at::timestamptz[])
on conflict (pick_id) do nothing;

-- name: save_parcel
-- The newest label counts; where a parcel is, and what was wrong with it, is the newest revision's word.
insert into parcel (
    parcel_id, order_id, shipment_id, sscc, carton_id, weight_g, units, lines, packed_at, carrier, service,
    tracking_number, label_cost, label_currency, lost_quotes, labelled_at, voided_at, dispatched_at, status, place,
    estimate, exception, status_at, status_revision, delivered_at, closed_at, outcome)
select parcel_id, order_id, shipment_id, sscc, carton_id, weight_g, units, lines::jsonb, packed_at, carrier, service,
    tracking_number, label_cost, label_currency, lost_quotes::jsonb, labelled_at, voided_at, dispatched_at, status, place,
    estimate, exception, status_at, coalesce(status_revision, 0), delivered_at, closed_at, outcome
from unnest(
    :parcel_id::text[], :order_id::text[], :shipment_id::text[], :sscc::text[], :carton_id::text[], :weight_g::int[],
    :units::bigint[], :lines::text[], :packed_at::timestamptz[], :carrier::text[], :service::text[],
    :tracking_number::text[], :label_cost::bigint[], :label_currency::text[], :lost_quotes::text[],
    :labelled_at::timestamptz[], :voided_at::timestamptz[], :dispatched_at::timestamptz[], :status::text[], :place::text[],
    :estimate::date[], :exception::text[], :status_at::timestamptz[], :status_revision::int[],
    :delivered_at::timestamptz[], :closed_at::timestamptz[], :outcome::text[])
    as told (
        parcel_id, order_id, shipment_id, sscc, carton_id, weight_g, units, lines, packed_at, carrier, service,
        tracking_number, label_cost, label_currency, lost_quotes, labelled_at, voided_at, dispatched_at, status, place,
        estimate, exception, status_at, status_revision, delivered_at, closed_at, outcome)
on conflict (parcel_id) do update set
    sscc = coalesce(parcel.sscc, excluded.sscc),
    carton_id = coalesce(parcel.carton_id, excluded.carton_id),
    weight_g = coalesce(parcel.weight_g, excluded.weight_g),
    units = coalesce(parcel.units, excluded.units),
    lines = coalesce(parcel.lines, excluded.lines),
    packed_at = coalesce(parcel.packed_at, excluded.packed_at),
    carrier = coalesce(excluded.carrier, parcel.carrier),
    service = coalesce(excluded.service, parcel.service),
    tracking_number = coalesce(excluded.tracking_number, parcel.tracking_number),
    label_cost = coalesce(excluded.label_cost, parcel.label_cost),
    label_currency = coalesce(excluded.label_currency, parcel.label_currency),
    lost_quotes = coalesce(excluded.lost_quotes, parcel.lost_quotes),
    labelled_at = greatest(parcel.labelled_at, excluded.labelled_at),
    voided_at = greatest(parcel.voided_at, excluded.voided_at),
    dispatched_at = coalesce(parcel.dispatched_at, excluded.dispatched_at),
    status = case when excluded.status_revision > parcel.status_revision then coalesce(excluded.status, parcel.status)
                  else parcel.status end,
    place = case when excluded.status_revision > parcel.status_revision then coalesce(excluded.place, parcel.place)
                 else parcel.place end,
    estimate = case when excluded.status_revision > parcel.status_revision
                    then coalesce(excluded.estimate, parcel.estimate) else parcel.estimate end,
    exception = case when excluded.status_revision > parcel.status_revision
                     then coalesce(excluded.exception, parcel.exception) else parcel.exception end,
    status_at = case when excluded.status_revision > parcel.status_revision then excluded.status_at
                     else parcel.status_at end,
    status_revision = greatest(parcel.status_revision, excluded.status_revision),
    delivered_at = coalesce(parcel.delivered_at, excluded.delivered_at),
    closed_at = coalesce(parcel.closed_at, excluded.closed_at),
    outcome = coalesce(parcel.outcome, excluded.outcome);

-- name: save_message
-- Sent counts, however often it failed before.
insert into message (message_id, order_id, milestone, about, medium, template, sent_at, failed_at, reason)
select * from unnest(:message_id::text[], :order_id::text[], :milestone::text[], :about::text[], :medium::text[],
                     :template::text[], :sent_at::timestamptz[], :failed_at::timestamptz[], :reason::text[])
on conflict (message_id) do update set
    sent_at = coalesce(message.sent_at, excluded.sent_at),
    failed_at = coalesce(message.failed_at, excluded.failed_at),
    reason = coalesce(message.reason, excluded.reason);

-- name: save_item
insert into item (sku, name, stock_owner, price, cost, currency, supplier_id, recorded_at)
select * from unnest(:sku::text[], :name::text[], :stock_owner::text[], :price::bigint[], :cost::bigint[],
                     :currency::text[], :supplier_id::text[], :recorded_at::timestamptz[])
on conflict (sku) do update set
    name = excluded.name, stock_owner = excluded.stock_owner, price = excluded.price, cost = excluded.cost,
    currency = excluded.currency, supplier_id = excluded.supplier_id, recorded_at = excluded.recorded_at
where item.recorded_at < excluded.recorded_at;

-- name: save_location
insert into location (location_id, kind, city, country, recorded_at)
select * from unnest(:location_id::text[], :kind::text[], :city::text[], :country::text[], :recorded_at::timestamptz[])
on conflict (location_id) do update set
    kind = excluded.kind, city = excluded.city, country = excluded.country, recorded_at = excluded.recorded_at
where location.recorded_at < excluded.recorded_at;

-- name: save_carton
insert into carton (carton_id, cost, currency, recorded_at)
select * from unnest(:carton_id::text[], :cost::bigint[], :currency::text[], :recorded_at::timestamptz[])
on conflict (carton_id) do update set
    cost = excluded.cost, currency = excluded.currency, recorded_at = excluded.recorded_at
where carton.recorded_at < excluded.recorded_at;

-- name: save_stock_level
insert into stock_level (sku, location_id, stock_owner, on_hand, available, version, moved_at)
select * from unnest(:sku::text[], :location_id::text[], :stock_owner::text[], :on_hand::bigint[], :available::bigint[],
                     :version::bigint[], :moved_at::timestamptz[])
on conflict (sku, location_id, stock_owner) do update set
    on_hand = excluded.on_hand, available = excluded.available, version = excluded.version, moved_at = excluded.moved_at
where stock_level.version < excluded.version;

-- name: save_movement
insert into movement (sku, at, revision, event)
select * from unnest(:sku::text[], :at::timestamptz[], :revision::int[], :event::text[])
on conflict (sku, at, revision) do nothing;

-- name: save_purchase
-- The supplier's newest word counts, in the order of its topic: it carries no revision.
insert into purchase (
    purchase_order_id, supplier_id, location_id, currency, ordered_at, wanted_on, lines, cost, answer, answered_at,
    expected_on, received_at)
select purchase_order_id, supplier_id, location_id, currency, ordered_at, wanted_on, lines::jsonb, cost, answer,
    answered_at, expected_on, received_at
from unnest(
    :purchase_order_id::text[], :supplier_id::text[], :location_id::text[], :currency::text[], :ordered_at::timestamptz[],
    :wanted_on::date[], :lines::text[], :cost::bigint[], :answer::text[], :answered_at::timestamptz[],
    :expected_on::date[], :received_at::timestamptz[])
    as told (
        purchase_order_id, supplier_id, location_id, currency, ordered_at, wanted_on, lines, cost, answer, answered_at,
        expected_on, received_at)
on conflict (purchase_order_id) do update set
    supplier_id = coalesce(purchase.supplier_id, excluded.supplier_id),
    location_id = coalesce(purchase.location_id, excluded.location_id),
    currency = coalesce(purchase.currency, excluded.currency),
    ordered_at = coalesce(purchase.ordered_at, excluded.ordered_at),
    wanted_on = coalesce(purchase.wanted_on, excluded.wanted_on),
    lines = coalesce(purchase.lines, excluded.lines),
    cost = coalesce(purchase.cost, excluded.cost),
    answer = coalesce(excluded.answer, purchase.answer),
    answered_at = coalesce(excluded.answered_at, purchase.answered_at),
    expected_on = coalesce(excluded.expected_on, purchase.expected_on),
    received_at = greatest(purchase.received_at, excluded.received_at);

-- name: save_receipt
insert into receipt (purchase_order_id, revision, receipt_id, received_at, lines, cost)
select purchase_order_id, revision, receipt_id, received_at, lines::jsonb, cost
from unnest(:purchase_order_id::text[], :revision::int[], :receipt_id::text[], :received_at::timestamptz[],
            :lines::text[], :cost::bigint[])
    as told (purchase_order_id, revision, receipt_id, received_at, lines, cost)
on conflict (purchase_order_id, revision) do nothing;

-- name: save_invoice
insert into invoice (
    invoice_number, order_id, customer_id, seller, shipment_id, issued_at, issued_on, due_on, currency, total, tax,
    deposits_applied, opening, revision)
select * from unnest(
    :invoice_number::text[], :order_id::text[], :customer_id::text[], :seller::text[], :shipment_id::text[],
    :issued_at::timestamptz[], :issued_on::date[], :due_on::date[], :currency::text[], :total::bigint[], :tax::bigint[],
    :deposits_applied::bigint[], :opening::bigint[], :revision::int[])
on conflict (invoice_number) do nothing;

-- name: save_money_event
insert into money_event (
    order_id, revision, at, kind, amount, currency, payment_id, invoice_number, open, refund_id, note)
select * from unnest(
    :order_id::text[], :revision::int[], :at::timestamptz[], :kind::text[], :amount::bigint[], :currency::text[],
    :payment_id::text[], :invoice_number::text[], :open::bigint[], :refund_id::text[], :note::text[])
on conflict (order_id, revision) do nothing;

-- name: save_refund
insert into refund (
    refund_id, order_id, payment_id, amount, currency, requested_at, completed_at, credit_note_number)
select * from unnest(
    :refund_id::text[], :order_id::text[], :payment_id::text[], :amount::bigint[], :currency::text[],
    :requested_at::timestamptz[], :completed_at::timestamptz[], :credit_note_number::text[])
on conflict (refund_id) do update set
    payment_id = coalesce(refund.payment_id, excluded.payment_id),
    requested_at = least(refund.requested_at, excluded.requested_at),
    completed_at = coalesce(refund.completed_at, excluded.completed_at),
    credit_note_number = coalesce(refund.credit_note_number, excluded.credit_note_number);

-- name: save_dead_letter
-- Told of by the same key, so in order: what rests again after a vain retry rests.
insert into dead_letter (
    dead_letter_id, service, topic, lane, position, key, message_type, message_id, reason, error, attempts, dead_at,
    revision)
select * from unnest(
    :dead_letter_id::text[], :service::text[], :topic::text[], :lane::smallint[], :position::bigint[], :key::text[],
    :message_type::text[], :message_id::text[], :reason::text[], :error::text[], :attempts::int[],
    :dead_at::timestamptz[], :revision::int[])
on conflict (dead_letter_id) do update set
    reason = excluded.reason, error = excluded.error, attempts = excluded.attempts, dead_at = excluded.dead_at,
    revision = excluded.revision, resolution = null, actor = null, why = null, resolved_at = null
where excluded.revision > dead_letter.revision;

-- name: resolve_dead_letters
update dead_letter set
    resolution = told.resolution, actor = told.actor, why = told.why, resolved_at = told.resolved_at,
    revision = told.revision
from unnest(:dead_letter_id::text[], :resolution::text[], :actor::text[], :why::text[], :resolved_at::timestamptz[],
            :revision::int[]) as told (dead_letter_id, resolution, actor, why, resolved_at, revision)
where dead_letter.dead_letter_id = told.dead_letter_id and told.revision > dead_letter.revision;

-- What follows from the rows -------------------------------------------------------------------------------------------

-- name: settle_promises
-- The newest word on each line; the order leaves and arrives with the last of them.
with line as (
    select distinct on (order_id, part.line_id) order_id, coalesce(part.after, part.promise) as promise
    from promise
    cross join lateral jsonb_to_recordset(lines) as part (line_id text, promise jsonb, after jsonb)
    where order_id = any(:order_ids::text[])
    order by order_id, part.line_id, revision desc, coalesce(part.after, part.promise) ->> 'ship_by' desc
), newest as (
    select order_id, max((promise ->> 'ship_by')::timestamptz) as ship_by,
        max((promise ->> 'deliver_by')::date) as deliver_by
    from line group by order_id
)
update placed_order set ship_by = newest.ship_by, deliver_by = newest.deliver_by
from newest where placed_order.order_id = newest.order_id;

-- name: settle_invoices
-- Open is what the last payment left, or what was open at first, less what was credited since.
with touched as (
    select invoice_number, order_id, opening, revision from invoice
    where invoice_number = any(:invoice_numbers::text[]) and opening is not null
), open as (
    select touched.invoice_number,
        greatest(0, coalesce(paid.open, opening) - coalesce((
            select sum(amount) from money_event as credit
            where credit.invoice_number = touched.invoice_number and credit.kind = 'credited'
              and credit.revision > coalesce(paid.revision, touched.revision)), 0))::bigint as amount,
        (select max(at) from money_event where money_event.invoice_number = touched.invoice_number) as at
    from touched
    left join lateral (
        select revision, money_event.open from money_event
        where money_event.invoice_number = touched.invoice_number and kind = 'applied'
        order by revision desc limit 1) as paid on true
)
update invoice set open = open.amount, paid_at = case when open.amount = 0 then open.at end
from open where invoice.invoice_number = open.invoice_number;

-- name: settle_orders
-- Where each order stands, by quantities; the rule of stages is core/stages.py's, word for word.  Each order looks its own
-- rows up: how long that takes depends on no estimate of how many others there are.
with counted as (
    select known.order_id, known.placed_at, known.received_at, known.released_at, known.rejected_at, known.completed_at,
        known.first_ship_by, known.first_deliver_by, known.units as ordered,
        known.units - coalesce(cancelled.units, 0) as wanted,
        coalesce(cancelled.units, 0) as cancelled, cancelled.at as cancelled_at, coalesce(cancelled.value, 0) as value,
        coalesce(held.reasons, '{}') as holds,
        greatest(coalesce(allocated.units, 0) - coalesce(short.units, 0), coalesce(packed.units, 0)) as allocated,
        allocated.at as allocated_at, coalesce(allocated.cost, 0) as goods_cost,
        coalesce(packed.units, 0) as packed, packed.at as packed_at,
        coalesce(packed.dispatched, 0) as dispatched, packed.dispatched_at,
        coalesce(packed.delivered, 0) as delivered, packed.delivered_at,
        coalesce(packed.lost, 0) as lost, greatest(packed.delivered_at, packed.closed_at) as ended_at,
        coalesce(packed.label_cost, 0) as label_cost, coalesce(packed.packaging_cost, 0) as packaging_cost,
        packed.outcomes, packed.is_exception, short.units is not null as is_short
    from unnest(:order_ids::text[]) as touched (order_id)
    join placed_order as known using (order_id)
    cross join lateral (
        select sum(part.quantity)::bigint as units, max(cancelled_at) as at,
            sum(round(coalesce(line.value, 0)::numeric * part.quantity / line.quantity))::bigint as value
        from cancellation
        cross join lateral jsonb_to_recordset(cancellation.lines) as part (line_id text, quantity int)
        cross join lateral (
            select value, quantity
            from order_lines
            cross join lateral jsonb_to_recordset(order_lines.lines) as line (line_id text, quantity int, value bigint)
            where order_lines.order_id = known.order_id and line.line_id = part.line_id
            offset 0 -- by itself: lines are read only where something of them was cancelled
        ) as line
        where cancellation.order_id = known.order_id and cancelled_at is not null
    ) as cancelled
    cross join lateral (
        select array_agg(distinct reason) as reasons from hold where hold.order_id = known.order_id and lifted_at is null
    ) as held
    cross join lateral (
        select sum(expected - found)::bigint as units from short_pick where short_pick.order_id = known.order_id
    ) as short
    cross join lateral (
        select sum(shipment.units)::bigint as units, max(allocated_at) as at,
            sum(shipment.goods_cost) filter (where cost_currency = known.currency) as cost
        from shipment where shipment.order_id = known.order_id
    ) as allocated
    cross join lateral (
        select sum(parcel.units)::bigint as units, max(parcel.packed_at) as at,
            sum(parcel.units) filter (where dispatched_at is not null)::bigint as dispatched,
            max(dispatched_at) as dispatched_at,
            sum(parcel.units) filter (where parcel.delivered_at is not null)::bigint as delivered,
            max(parcel.delivered_at) as delivered_at,
            sum(parcel.units) filter (where closed_at is not null)::bigint as lost, max(closed_at) as closed_at,
            sum(parcel.label_cost) filter (where label_currency = known.currency) as label_cost,
            sum(carton.cost) filter (where carton.currency = known.currency) as packaging_cost,
            array_agg(distinct 'parcel_' || outcome) filter (where closed_at is not null) as outcomes,
            bool_or(exception is not null) as is_exception
        from parcel left join carton using (carton_id)
        where parcel.order_id = known.order_id
          and (voided_at is null or dispatched_at is not null or labelled_at > voided_at)
    ) as packed
), moments as (
    select counted.*,
        case
            when rejected_at is not null then 'rejected'
            when completed_at is not null then 'completed'
            when ordered > 0 and wanted <= 0 then 'cancelled'
            when released_at is null or (holds <> '{}' and allocated = 0) then 'received'
            when allocated < wanted then 'released'
            when packed < wanted then 'allocated'
            when dispatched < wanted then 'packed'
            when delivered + lost < wanted then 'dispatched'
            else 'delivered'
        end as stage,
        case when wanted > 0 and packed >= wanted then packed_at end as ready_at,
        case when wanted > 0 and dispatched >= wanted then dispatched_at end as shipped_at,
        case when wanted > 0 and delivered >= wanted then delivered_at end as arrived_at,
        case when wanted > 0 and delivered + lost >= wanted then ended_at end as over_at
    from counted
), standing as (
    select moments.*,
        case stage
            when 'rejected' then rejected_at when 'completed' then completed_at when 'cancelled' then cancelled_at
            when 'received' then received_at when 'released' then released_at when 'allocated' then allocated_at
            when 'packed' then packed_at when 'dispatched' then dispatched_at else ended_at end as since,
        array_remove(
            coalesce(outcomes, '{}') || array[
                case when is_short then 'short_pick' end,
                case when shipped_at > first_ship_by then 'late_shipping' end,
                case when (arrived_at at time zone 'UTC')::date > first_deliver_by then 'late_delivery' end,
                case when is_exception then 'exception' end], null) as incidents
    from moments
), settled as (
    update placed_order as known set
        stage = new.stage, is_tallied = true, since = new.since, holds = new.holds,
        units_cancelled = new.cancelled, units_allocated = new.allocated, units_packed = new.packed,
        units_dispatched = new.dispatched, units_delivered = new.delivered, units_lost = new.lost,
        value_cancelled = new.value, goods_cost = new.goods_cost, label_cost = new.label_cost,
        packaging_cost = new.packaging_cost, packed_at = ready_at, shipped_at = new.shipped_at,
        delivered_at = arrived_at, ended_at = over_at, incidents = new.incidents
    from standing as new
    where known.order_id = new.order_id
      -- Its two dozen indexes make a row dear to write: one that would be the same stays.
      and (not is_tallied
           or (known.stage, known.since, known.holds, units_cancelled, units_allocated, units_packed, units_dispatched,
               units_delivered, units_lost, value_cancelled, known.goods_cost, known.label_cost, known.packaging_cost,
               known.packed_at, known.shipped_at, known.delivered_at, known.ended_at, known.incidents)
              is distinct from
              (new.stage, new.since, new.holds, new.cancelled, new.allocated, new.packed, new.dispatched, new.delivered,
               new.lost, new.value, new.goods_cost, new.label_cost, new.packaging_cost, ready_at, new.shipped_at,
               arrived_at, over_at, new.incidents))
    returning old.stage as before, old.is_tallied as was_tallied, new.stage as after
), closed as (
    update order_lines set is_open = false
    from standing
    where order_lines.order_id = standing.order_id and stage in ('completed', 'cancelled', 'rejected')
      -- Of lines that are open there seem to be none whenever all orders have just ended: whoever believed that would walk
      -- through all of them for each order.  Nothing is known about an expression, so each order looks its own lines up.
      and coalesce(is_open, false)
), due as (
    insert into figure_due (day)
    select distinct (moment at time zone 'UTC')::date
    from standing
    cross join lateral unnest(array[placed_at, first_ship_by, shipped_at, arrived_at, over_at]) as moment
    where moment is not null
    on conflict (day) do nothing
)
insert into stage_tally (stage, orders)
select stage, sum(orders) from (
    select after as stage, 1 as orders from settled
    union all
    select before, -1 from settled where was_tallied
) as change
group by stage
having sum(orders) <> 0
on conflict (stage) do update set orders = stage_tally.orders + excluded.orders;

-- name: settle_backorders
-- Units that a line still waits for: what is wanted of it and no shipment holds.  All that was told of the lines is added
-- up at once, so that no line looks for its part in what was told of the others.
with touched as (
    select order_id, stage in ('completed', 'cancelled', 'rejected') as is_over
    from placed_order
    where order_id = any(:order_ids::text[]) and exists (select from backorder where backorder.order_id = placed_order.order_id)
), told as (
    select order_id, line.line_id, line.quantity as units, true as is_known
    from touched join order_lines using (order_id)
    cross join lateral jsonb_to_recordset(lines) as line (line_id text collate "C", quantity int)
    where not is_over
    union all
    select order_id, part.line_id, -part.quantity, false
    from touched join cancellation using (order_id)
    cross join lateral jsonb_to_recordset(lines) as part (line_id text collate "C", quantity int)
    where not is_over and cancelled_at is not null
    union all
    select order_id, part.line_id, -part.quantity, false
    from touched join shipment using (order_id)
    cross join lateral jsonb_to_recordset(lines) as part (line_id text collate "C", quantity int)
    where not is_over
    union all
    select order_id, line_id, expected - found, false
    from touched join short_pick using (order_id)
    where not is_over
), owed as (
    select order_id, line_id, greatest(0, least(backorder.quantity, sum(units))) as waiting
    from told join backorder using (order_id, line_id)
    group by order_id, line_id, backorder.quantity
    having bool_or(is_known) -- of a line that nobody has told of yet, all waits
    union all
    select order_id, line_id, 0 from touched join backorder using (order_id) where is_over
)
update backorder set waiting = owed.waiting
from owed
where backorder.order_id = owed.order_id and backorder.line_id = owed.line_id and backorder.waiting <> owed.waiting;

-- name: note_overdue
-- What should have left meanwhile, and did not, counts from now on.
insert into figure_due (day)
select distinct (first_ship_by at time zone 'UTC')::date
from placed_order
where first_ship_by >= :since::timestamptz and first_ship_by < :now::timestamptz and shipped_at is null
  and stage not in ('cancelled', 'rejected')
on conflict (day) do nothing;

-- name: take_due_days
delete from figure_due where day in (select day from figure_due order by day desc limit :limit) returning day;

-- name: forget_figures
delete from figure where day = any(:days::date[]);

-- name: add_up_figures
-- Each arm is a figure as core/figures.py defines it, by the day of its cohort.
with span as (
    select day, day::timestamp at time zone 'UTC' as since, (day + 1)::timestamp at time zone 'UTC' as before
    from unnest(:days::date[]) as day
), placed as (
    select day, currency, stage, total - value_cancelled as value, lines_promised, lines_available, units_promised,
        units_available
    from span join placed_order on placed_at >= span.since and placed_at < before
), shipped as (
    select day, currency, goods_cost, label_cost + packaging_cost as cost, total - value_cancelled as value, incidents,
        extract(epoch from packed_at - placed_at) as to_ready, extract(epoch from shipped_at - placed_at) as to_ship,
        extract(epoch from delivered_at - placed_at) as to_arrive
    from span join placed_order on shipped_at >= span.since and shipped_at < before
), due as (
    select day, shipped_at <= first_ship_by as is_on_time
    from span join placed_order on first_ship_by >= span.since and first_ship_by < before
    where stage not in ('cancelled', 'rejected') and (shipped_at is not null or first_ship_by < :now::timestamptz)
), delivered as (
    select day, currency, label_cost, extract(epoch from delivered_at - placed_at) as seconds
    from span join placed_order on delivered_at >= span.since and delivered_at < before
), ended as (
    select day, incidents from span join placed_order on ended_at >= span.since and ended_at < before
)
insert into figure (day, name, currency, numerator, denominator, p50, p90, p99)
select day, 'K7', currency, sum(goods_cost + cost), count(*), null::numeric, null::numeric, null::numeric
    from shipped where currency is not null group by day, currency
union all
select day, 'K8', '', count(*) filter (where not incidents && array['short_pick', 'parcel_destroyed']), count(*),
    null, null, null
    from shipped group by day
union all
select day, 'K9-ready', '', sum(to_ready), count(*),
    percentile_cont(0.5) within group (order by to_ready), percentile_cont(0.9) within group (order by to_ready),
    percentile_cont(0.99) within group (order by to_ready)
    from shipped where to_ready is not null group by day
union all
select day, 'K9-delivery', '', sum(to_arrive), count(*),
    percentile_cont(0.5) within group (order by to_arrive), percentile_cont(0.9) within group (order by to_arrive),
    percentile_cont(0.99) within group (order by to_arrive)
    from shipped where to_arrive is not null group by day
union all
select day, 'K10', '', count(*) filter (where lines_available < lines_promised), count(*), null, null, null
    from placed where lines_promised is not null group by day
union all
select day, 'K13', currency, sum(value), count(*), null, null, null
    from placed where currency is not null and stage not in ('cancelled', 'rejected') group by day, currency
union all
select day, 'K14', currency, sum(cost), count(*), null, null, null
    from shipped where currency is not null group by day, currency
union all
select day, 'K14-margin', currency, sum(value - goods_cost), count(*), null, null, null
    from shipped where currency is not null group by day, currency
union all
select day, 'K15', '', sum(to_ship), count(*),
    percentile_cont(0.5) within group (order by to_ship), percentile_cont(0.9) within group (order by to_ship),
    percentile_cont(0.99) within group (order by to_ship)
    from shipped where to_ship is not null group by day
union all
select day, 'K16', '', count(*) filter (where is_on_time), count(*), null, null, null from due group by day
union all
select day, 'K17', '', count(*) filter (where lines_available >= lines_promised), count(*), null, null, null
    from placed where lines_promised is not null group by day
union all
select day, 'K17-lines', '', sum(lines_available), sum(lines_promised), null, null, null
    from placed where lines_promised is not null group by day
union all
select day, 'K17-units', '', sum(units_available), sum(units_promised), null, null, null
    from placed where lines_promised is not null group by day
union all
select day, 'K18', '', sum(seconds), count(*),
    percentile_cont(0.5) within group (order by seconds), percentile_cont(0.9) within group (order by seconds),
    percentile_cont(0.99) within group (order by seconds)
    from delivered where seconds is not null group by day
union all
select day, 'K21', '', count(*) filter (where incidents = '{}'), count(*), null, null, null from ended group by day
union all
select day, 'K25', currency, sum(label_cost), count(*), null, null, null
    from delivered where currency is not null group by day, currency;

-- Rebuilding -----------------------------------------------------------------------------------------------------------

-- name: begin_rebuild
select begin_rebuild();

-- name: finish_rebuild
select finish_rebuild();

-- name: drop_rebuild
select drop_rebuild();
