-- Shipping's statements. All take whole batches; none needs row locks, since one lane works an order at a time.

-- === reference data ===

-- name: save_locations
insert into location as known (location_id, effective_from, recorded_at, document)
select distinct on (location_id, effective_from) *
from unnest(:location_ids::text[], :effective_from::date[], :recorded_at::timestamptz[], :documents::jsonb[])
    as t (location_id, effective_from, recorded_at, document)
order by location_id, effective_from, recorded_at desc
on conflict (location_id, effective_from) do update
set recorded_at = excluded.recorded_at, document = excluded.document
where known.recorded_at < excluded.recorded_at;

-- name: known_locations
select distinct location_id from location where location_id = any(:location_ids::text[]);

-- name: save_rate_cards
insert into rate_card as known (carrier, service, effective_from, recorded_at, mode, document)
select distinct on (carrier, service, effective_from) *
from unnest(
    :carriers::text[], :services::text[], :effective_from::date[], :recorded_at::timestamptz[], :modes::text[],
    :documents::jsonb[]
) as t (carrier, service, effective_from, recorded_at, mode, document)
order by carrier, service, effective_from, recorded_at desc
on conflict (carrier, service, effective_from) do update
set recorded_at = excluded.recorded_at, mode = excluded.mode, document = excluded.document
where known.recorded_at < excluded.recorded_at;

-- name: has_rate_card
select exists (select from rate_card where mode = 'parcel') as is_there;

-- name: rate_cards
select document from rate_card where mode = 'parcel' order by carrier, service, effective_from;

-- === orders ===

-- name: save_contacts
-- The newest version wins; nothing brings back what was erased.
insert into contact as known (order_id, version, contacts)
select distinct on (order_id) order_id, version, contacts
from unnest(:order_ids::text[], :versions::integer[], :contacts::jsonb[]) as t (order_id, version, contacts)
order by order_id, version desc
on conflict (order_id) do update
set version = excluded.version, contacts = excluded.contacts
where known.contacts is not null and known.version < excluded.version;

-- name: erase_contacts
insert into contact (order_id, version, contacts)
select distinct order_id, 0, null::jsonb from unnest(:order_ids::text[]) as t (order_id)
on conflict (order_id) do update set contacts = null;

-- name: known_contacts
-- Those not older than the last correction of the order's address; erased ones are known as well.
select contact.order_id
from contact
left join address_change using (order_id)
where
    contact.order_id = any(:order_ids::text[])
    and (contact.contacts is null or address_change.version is null or contact.version >= address_change.version);

-- name: save_address_changes
insert into address_change as known (order_id, version)
select order_id, max(version)
from unnest(:order_ids::text[], :versions::integer[]) as t (order_id, version)
group by order_id
on conflict (order_id) do update set version = greatest(known.version, excluded.version);

-- name: save_shipments
insert into shipment (shipment_id, order_id, location_id, ship_group_id, currency, deliver_by, lines)
select *
from unnest(
    :shipment_ids::text[], :order_ids::text[], :location_ids::text[], :ship_group_ids::text[], :currencies::text[],
    :deliver_by::date[], :lines::jsonb[]
);

-- name: known_shipments
select shipment_id from shipment where shipment_id = any(:shipment_ids::text[]);

-- name: change_promises
-- A shipment follows the promise that it was made under; units of the same line may be promised for other days.
update shipment
set deliver_by = changed.deliver_by
from (
    select shipment.shipment_id, max(t.after) as deliver_by
    from unnest(:order_ids::text[], :line_ids::text[], :before::date[], :after::date[])
        as t (order_id, line_id, before, after)
    inner join shipment
        on t.order_id = shipment.order_id and shipment.lines ? t.line_id and shipment.deliver_by = t.before
    group by shipment.shipment_id
) as changed
where
    shipment.shipment_id = changed.shipment_id
    and not exists (select from dispatch where dispatch.shipment_id = shipment.shipment_id);

-- === labels ===

-- name: save_parcels
insert into parcel (
    parcel_id, shipment_id, order_version, sscc, weight_g, length_mm, width_mm, height_mm, lines
)
select *
from unnest(
    :parcel_ids::text[], :shipment_ids::text[], :order_versions::integer[], :ssccs::text[], :weights_g::integer[],
    :lengths_mm::integer[], :widths_mm::integer[], :heights_mm::integer[], :lines::jsonb[]
);

-- name: consignments
-- Parcels that want a label, shipment by shipment, with where they leave and where they go.
select
    shipment.shipment_id, shipment.location_id, shipment.ship_group_id, shipment.currency, shipment.deliver_by,
    location.document as location, contact.contacts,
    parcel.parcel_id, parcel.sscc, parcel.weight_g, parcel.length_mm, parcel.width_mm, parcel.height_mm, parcel.lines
from shipment
inner join parcel using (shipment_id)
inner join contact using (order_id)
cross join lateral (
    select document
    from location
    where location.location_id = shipment.location_id
    -- A location that is only defined from tomorrow on already sends today.
    order by effective_from <= :day::date desc, abs(effective_from - :day::date)
    limit 1
) as location
where
    shipment.shipment_id = any(:shipment_ids::text[])
    and parcel.recalled_by is null
    and not exists (select from label where label.parcel_id = parcel.parcel_id and not label.voided)
order by shipment.shipment_id, parcel.parcel_id;

-- name: draw_serials
select nextval('tracking_serial') as serial from generate_series(1, :count::integer);

-- name: save_labels
insert into label (tracking_number, carrier_key, parcel_id, carrier, service, cost, currency, deliver_by)
select *
from unnest(
    :tracking_numbers::text[], :carrier_keys::text[], :parcel_ids::text[], :carriers::text[], :services::text[],
    :costs::bigint[], :currencies::text[], :deliver_by::date[]
);

-- name: void_labels
update label
set voided = true
from parcel
where not label.voided and label.parcel_id = any(:parcel_ids::text[]) and label.parcel_id = parcel.parcel_id
returning label.parcel_id, parcel.shipment_id, label.carrier, label.service, label.tracking_number;

-- name: label_facts
-- All that is printed on a parcel's label.
select
    parcel.parcel_id, parcel.sscc, parcel.weight_g, label.carrier, label.service, label.tracking_number,
    shipment.ship_group_id, location.document as location, contact.contacts
from parcel
inner join label on parcel.parcel_id = label.parcel_id and not label.voided
inner join shipment using (shipment_id)
inner join contact using (order_id)
cross join lateral (
    select document
    from location
    where location.location_id = shipment.location_id
    order by effective_from desc
    limit 1
) as location
where parcel.parcel_id = any(:parcel_ids::text[]);

-- === dispatch and recall ===

-- name: departures
-- Labelled parcels of shipments that have not left.
select
    shipment.shipment_id, shipment.location_id, shipment.deliver_by, location.document as location,
    parcel.parcel_id, parcel.order_version, parcel.lines, label.carrier, label.service, label.tracking_number
from shipment
inner join parcel using (shipment_id)
inner join label on parcel.parcel_id = label.parcel_id and not label.voided
cross join lateral (
    select document
    from location
    where location.location_id = shipment.location_id
    order by effective_from <= :day::date desc, abs(effective_from - :day::date)
    limit 1
) as location
where
    shipment.shipment_id = any(:shipment_ids::text[])
    and not exists (select from dispatch where dispatch.shipment_id = shipment.shipment_id)
order by shipment.shipment_id, parcel.parcel_id;

-- name: save_dispatches
insert into dispatch (shipment_id, manifest_id, dispatched_at)
select shipment_id, manifest_id, :now
from unnest(:shipment_ids::text[], :manifest_ids::text[]) as t (shipment_id, manifest_id);

-- name: held_parcels
-- What shipping has of these shipments and may still give back, or could have.
select parcel.shipment_id, parcel.parcel_id, parcel.lines, dispatch.shipment_id is not null as is_dispatched
from parcel
left join dispatch using (shipment_id)
where parcel.shipment_id = any(:shipment_ids::text[]) and parcel.recalled_by is null
order by parcel.parcel_id;

-- name: recall_parcels
update parcel
set recalled_by = t.ask_id
from unnest(:parcel_ids::text[], :ask_ids::text[]) as t (parcel_id, ask_id)
where parcel.parcel_id = t.parcel_id;

-- name: unsent_parcels
-- Labelled parcels of these orders that have not left.
select parcel.parcel_id
from shipment
inner join parcel using (shipment_id)
inner join label on parcel.parcel_id = label.parcel_id and not label.voided
where
    shipment.order_id = any(:order_ids::text[])
    and not exists (select from dispatch where dispatch.shipment_id = shipment.shipment_id)
order by parcel.parcel_id;

-- === tracking ===

-- name: orders_of_tracking_numbers
select label.tracking_number, label.carrier_key, shipment.order_id
from unnest(:tracking_numbers::text[], :carrier_keys::text[]) as t (tracking_number, carrier_key)
inner join label using (tracking_number, carrier_key)
inner join parcel using (parcel_id)
inner join shipment using (shipment_id);

-- name: followed_numbers
-- Numbers of parcels that have left; those of voided labels count as well: nobody waits for them.
select label.tracking_number, label.carrier_key
from unnest(:tracking_numbers::text[], :carrier_keys::text[]) as t (tracking_number, carrier_key)
inner join label using (tracking_number, carrier_key)
inner join parcel using (parcel_id)
where label.voided or exists (select from dispatch where dispatch.shipment_id = parcel.shipment_id);

-- name: tracked_parcels
select
    label.tracking_number, label.carrier_key, label.voided, parcel.parcel_id, parcel.shipment_id, parcel.lines,
    parcel.milestone, parcel.exception, coalesce(parcel.reported_at, dispatch.dispatched_at) as reported_at
from unnest(:tracking_numbers::text[], :carrier_keys::text[]) as t (tracking_number, carrier_key)
inner join label using (tracking_number, carrier_key)
inner join parcel using (parcel_id)
left join dispatch using (shipment_id)
order by parcel.parcel_id;

-- name: save_trails
update parcel
set milestone = t.milestone, exception = t.exception, reported_at = t.reported_at
from unnest(:parcel_ids::text[], :milestones::text[], :exceptions::text[], :reported_at::timestamptz[])
    as t (parcel_id, milestone, exception, reported_at)
where parcel.parcel_id = t.parcel_id;

-- name: save_reports
insert into tracking_report (parcel_id, occurred_at, code, milestone, exception, verdict, place)
select *
from unnest(
    :parcel_ids::text[], :occurred_at::timestamptz[], :codes::text[], :milestones::text[], :exceptions::text[],
    :verdicts::text[], :places::text[]
);

-- name: meet_unknown_codes
insert into unknown_code (carrier_key, code, first_seen_at)
select distinct carrier_key, code, :now::timestamptz
from unnest(:carrier_keys::text[], :codes::text[]) as t (carrier_key, code)
on conflict do nothing
returning carrier_key, code;
