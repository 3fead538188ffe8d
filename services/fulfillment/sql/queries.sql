-- The statements of fulfillment. Work of an order is read and written in the order's lane alone: no row locks.
-- Every list parameter is an array, so that a batch is one statement.

-- name: record_items
-- The newest record of a day stays, whichever arrives last.
insert into item (sku, effective_from, recorded_at, name, weight_g, length_mm, width_mm, height_mm,
                  each_per_case, each_per_pallet)
select *
from unnest(:skus::text[], :days::date[], :recorded::timestamptz[], :names::text[], :weights::bigint[],
            :lengths::int[], :widths::int[], :heights::int[], :cases::int[], :pallets::int[])
on conflict (sku, effective_from) do update
set recorded_at = excluded.recorded_at, name = excluded.name, weight_g = excluded.weight_g,
    length_mm = excluded.length_mm, width_mm = excluded.width_mm, height_mm = excluded.height_mm,
    each_per_case = excluded.each_per_case, each_per_pallet = excluded.each_per_pallet
where item.recorded_at < excluded.recorded_at;

-- name: record_locations
-- Returns the records that are news: only their bins are replaced.
insert into location (location_id, effective_from, recorded_at)
select * from unnest(:locations::text[], :days::date[], :recorded::timestamptz[])
on conflict (location_id, effective_from) do update set recorded_at = excluded.recorded_at
where location.recorded_at < excluded.recorded_at
returning location_id, effective_from;

-- name: clear_bins
delete from bin using unnest(:locations::text[], :days::date[]) as news (location_id, effective_from)
where bin.location_id = news.location_id and bin.effective_from = news.effective_from;

-- name: record_bins
insert into bin (location_id, effective_from, bin, sequence)
select * from unnest(:locations::text[], :days::date[], :bins::text[], :sequences::int[])
on conflict do nothing; -- a bin listed twice keeps its first number

-- name: record_cartons
insert into carton (carton_id, effective_from, recorded_at, length_mm, width_mm, height_mm, tare_g, weight_g_max, cost)
select *
from unnest(:cartons::text[], :days::date[], :recorded::timestamptz[], :lengths::int[], :widths::int[],
            :heights::int[], :tares::int[], :limits::int[], :costs::bigint[])
on conflict (carton_id, effective_from) do update
set recorded_at = excluded.recorded_at, length_mm = excluded.length_mm, width_mm = excluded.width_mm,
    height_mm = excluded.height_mm, tare_g = excluded.tare_g, weight_g_max = excluded.weight_g_max,
    cost = excluded.cost
where carton.recorded_at < excluded.recorded_at;

-- name: known_items
select distinct sku from item where sku = any (:skus::text[]);

-- name: known_locations
select distinct location_id from location where location_id = any (:locations::text[]);

-- name: known_cartons
-- One row where there is any carton at all.
select 1 from carton limit 1;

-- name: known_shipments
select shipment_id from shipment where shipment_id = any (:shipments::text[]);

-- name: items_in_force
-- Each as it holds today; one that holds only later is better than none.
select distinct on (sku)
    sku, name, weight_g, length_mm, width_mm, height_mm, each_per_case, each_per_pallet
from item
where sku = any (:skus::text[])
order by sku, effective_from > :today::date, abs(effective_from - :today::date);

-- name: cartons_in_force
-- All of them, each as it holds today.
select distinct on (carton_id) carton_id, length_mm, width_mm, height_mm, tare_g, weight_g_max, cost
from carton
order by carton_id, effective_from > :today::date, abs(effective_from - :today::date);

-- name: bin_sequences
-- The numbers that operators gave these bins in the record of their location that holds today.
with holding as (
    select distinct on (location_id) location_id, effective_from
    from location
    where location_id = any (:locations::text[])
    order by location_id, effective_from > :today::date, abs(effective_from - :today::date)
)
select bin.location_id, bin.bin, bin.sequence
from holding
join unnest(:locations::text[], :bins::text[]) as wanted (location_id, bin) using (location_id)
join bin using (location_id, effective_from, bin);

-- name: record_contacts
-- The newest version stays; what was erased stays erased.
insert into contact (order_id, version, contacts)
select * from unnest(:orders::text[], :versions::int[], :documents::jsonb[])
on conflict (order_id) do update set version = excluded.version, contacts = excluded.contacts
where contact.version < excluded.version and contact.contacts is not null;

-- name: erase_contacts
insert into contact (order_id, version, contacts)
select order_id, 0, null from unnest(:orders::text[]) as erased (order_id)
on conflict (order_id) do update set contacts = null;

-- name: add_shipments
insert into shipment (shipment_id, order_id, location_id, ship_group_id, order_version, released_at)
select *
from unnest(:shipments::text[], :orders::text[], :locations::text[], :groups::text[], :versions::int[],
            :moments::timestamptz[]);

-- name: add_picks
insert into pick (shipment_id, number, line_id, sku, bin, quantity)
select * from unnest(:shipments::text[], :numbers::int[], :lines::text[], :skus::text[], :bins::text[], :quantities::int[]);

-- name: picks
-- The picks of these keys.
select p.shipment_id, p.number, p.line_id, p.sku, p.bin, p.quantity, p.picked, p.short, p.released, p.short_released
from unnest(:shipments::text[], :numbers::int[]) as wanted (shipment_id, number)
join pick p using (shipment_id, number);

-- name: picks_of_shipments
-- All picks of these shipments, along the walk.
select shipment_id, number, line_id, sku, bin, quantity, picked, short, released, short_released
from pick
where shipment_id = any (:shipments::text[])
order by shipment_id, number;

-- name: save_picks
update pick
set picked = now.picked, short = now.short, released = now.released, short_released = now.short_released
from unnest(:shipments::text[], :numbers::int[], :picked::int[], :short::int[], :released::int[], :answered::int[])
    as now (shipment_id, number, picked, short, released, short_released)
where pick.shipment_id = now.shipment_id and pick.number = now.number;

-- name: shipments
select shipment_id, order_id, location_id, ship_group_id, order_version, state, parcels_made
from shipment
where shipment_id = any (:shipments::text[]);

-- name: tallies
-- Where the units of each line of these shipments are.
with packed as (
    select shipment_id, line_id, sum(quantity) as units
    from parcel_line
    where shipment_id = any (:shipments::text[])
    group by shipment_id, line_id
)
select p.shipment_id, p.line_id, min(p.sku) as sku, sum(p.quantity - p.picked - p.short - p.released) as open,
       sum(p.picked) as picked, coalesce(min(packed.units), 0)::bigint as packed, sum(p.released) as released
from pick p
left join packed on packed.shipment_id = p.shipment_id and packed.line_id = p.line_id
where p.shipment_id = any (:shipments::text[])
group by p.shipment_id, p.line_id;

-- name: packed_lines
select shipment_id, number, line_id, quantity
from parcel_line
where shipment_id = any (:shipments::text[])
order by shipment_id, number, line_id;

-- name: draw_serials
-- As many serial numbers as parcels, each drawn once and for ever.
select nextval('sscc_serial') as serial from generate_series(1, :count::int);

-- name: add_parcels
insert into parcel (shipment_id, number, sscc, carton_id, length_mm, width_mm, height_mm, weight_g, dunnage_ml)
select *
from unnest(:shipments::text[], :numbers::int[], :ssccs::text[], :cartons::text[], :lengths::int[], :widths::int[],
            :heights::int[], :weights::bigint[], :dunnages::bigint[]);

-- name: add_parcel_lines
insert into parcel_line (shipment_id, number, line_id, quantity)
select * from unnest(:shipments::text[], :numbers::int[], :lines::text[], :quantities::int[]);

-- name: save_shipments
update shipment
set state = now.state, parcels_made = now.parcels_made
from unnest(:shipments::text[], :states::text[], :made::int[]) as now (shipment_id, state, parcels_made)
where shipment.shipment_id = now.shipment_id;

-- name: take_out_lines
-- Units that left a parcel again.
update parcel_line
set quantity = parcel_line.quantity - gone.quantity
from unnest(:shipments::text[], :numbers::int[], :lines::text[], :quantities::int[])
    as gone (shipment_id, number, line_id, quantity)
where parcel_line.shipment_id = gone.shipment_id and parcel_line.number = gone.number
  and parcel_line.line_id = gone.line_id;

-- name: lighten_parcels
-- A parcel that was opened weighs less and holds more dunnage.
update parcel
set weight_g = greatest(parcel.weight_g - gone.weight_g, 0), dunnage_ml = parcel.dunnage_ml + gone.room_ml
from (
    select shipment_id, number, sum(weight_g)::bigint as weight_g, sum(room_ml)::bigint as room_ml
    from unnest(:shipments::text[], :numbers::int[], :weights::bigint[], :rooms::bigint[])
        as part (shipment_id, number, weight_g, room_ml)
    group by shipment_id, number
) as gone
where parcel.shipment_id = gone.shipment_id and parcel.number = gone.number;

-- name: parcels
-- The parcels of these shipments that hold something, with their lines.
select p.shipment_id, p.number, p.sscc, p.carton_id, p.length_mm, p.width_mm, p.height_mm, p.weight_g, p.dunnage_ml,
       array_agg(l.line_id order by l.line_id) as lines, array_agg(l.quantity order by l.line_id) as quantities
from parcel p
join parcel_line l using (shipment_id, number)
where p.shipment_id = any (:shipments::text[]) and l.quantity > 0
group by p.shipment_id, p.number
order by p.shipment_id, p.number;

-- name: slip_head
-- What stands on a packing slip besides its lines; no contacts: erased, or not heard yet.
select s.order_id, s.location_id, s.ship_group_id, s.released_at, c.contacts,
       array(select p.sscc from parcel p
             where p.shipment_id = s.shipment_id
               and exists (select from parcel_line l
                           where l.shipment_id = p.shipment_id and l.number = p.number and l.quantity > 0)
             order by p.number) as ssccs
from shipment s
left join contact c using (order_id)
where s.shipment_id = :shipment;

-- name: slip_lines
-- What each line was to bring and brings, along the walk: all that is not short or recalled.
select line_id, sku, sum(quantity - short - released) as quantity, sum(short + released) as missing
from pick
where shipment_id = :shipment
group by line_id, sku
order by min(number);
