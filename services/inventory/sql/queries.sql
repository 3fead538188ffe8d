-- Every statement of inventory, one typed function in `store` each. All of them take a whole group's keys at once.
-- One deciding transaction at a time (the service is exclusive), so nothing here locks rows: 3 rows an order line would
-- each be written once more for it. The constraints of `stock` hold if that ever were otherwise.

-- Reference data ---------------------------------------------------------------------------------------------------

-- name: known_items
select distinct sku from item where sku = any(:skus::text[]);

-- name: known_locations
select distinct id from network where kind = 'location' and id = any(:ids::text[]);

-- name: save_items
-- The newest record of an item and day stays.
insert into item (sku, stock_owner, effective_from, recorded_at, weight_g, cost, currency, supplier_id, lead_time_days,
                  each_per_case, each_per_pallet)
select * from unnest(
    :skus::text[], :stock_owners::text[], :effective_from::date[], :recorded_at::timestamptz[], :weights_g::int[],
    :costs::bigint[], :currencies::text[], :supplier_ids::text[], :lead_times_days::int[], :each_per_case::int[],
    :each_per_pallet::int[])
on conflict (sku, effective_from) do update
set stock_owner = excluded.stock_owner, recorded_at = excluded.recorded_at, weight_g = excluded.weight_g,
    cost = excluded.cost, currency = excluded.currency, supplier_id = excluded.supplier_id,
    lead_time_days = excluded.lead_time_days, each_per_case = excluded.each_per_case,
    each_per_pallet = excluded.each_per_pallet
where item.recorded_at < excluded.recorded_at;

-- name: save_network
-- The newest record of a location or rate card and day stays.
insert into network (kind, id, effective_from, recorded_at, document)
select * from unnest(
    :kinds::text[], :ids::text[], :effective_from::date[], :recorded_at::timestamptz[], :documents::text[])
on conflict (kind, id, effective_from) do update
set recorded_at = excluded.recorded_at, document = excluded.document
where network.recorded_at < excluded.recorded_at;

-- name: load_items
-- Each item as it is valid today; one that is only defined for later is taken as it will be.
select distinct on (sku) sku, supplier_id, lead_time_days, cost, currency, weight_g, each_per_case, each_per_pallet
from item
where sku = any(:skus::text[])
order by sku, effective_from > :today::date, abs(effective_from - :today::date);

-- name: load_network
-- Locations and rate cards as they are valid today.
select distinct on (kind, id) kind, document
from network
where effective_from <= :today::date
order by kind, id, effective_from desc;

-- Stock --------------------------------------------------------------------------------------------------------------

-- name: load_stock
select stock.sku, stock.stock_owner, location_id, bin, on_hand, picked, reserved, missing, blocked, version,
       counted_at
from unnest(:skus::text[], :stock_owners::text[]) as wanted (sku, stock_owner)
join stock using (sku, stock_owner);

-- name: load_levels
select sku, stock_owner, location_id, bin, on_hand, picked, reserved, missing, blocked, version, counted_at
from unnest(:skus::text[], :stock_owners::text[], :location_ids::text[]) as wanted (sku, stock_owner, location_id)
join stock using (sku, stock_owner, location_id);

-- name: load_valuations
-- The average of each item, and the catalogue's cost where there is nothing to average over.
select distinct on (wanted.sku, wanted.stock_owner)
       wanted.sku, wanted.stock_owner, item.cost as standard_cost,
       coalesce(valuation.quantity, 0) as quantity, coalesce(valuation.value, 0) as value
from unnest(:skus::text[], :stock_owners::text[]) as wanted (sku, stock_owner)
join item using (sku)
left join valuation on valuation.sku = wanted.sku and valuation.stock_owner = wanted.stock_owner
order by wanted.sku, wanted.stock_owner, item.effective_from > :today::date, abs(item.effective_from - :today::date);

-- name: move_stock
-- By differences, so that the constraints judge what really becomes of the row.
update stock
set on_hand = stock.on_hand + change.on_hand, picked = stock.picked + change.picked,
    reserved = stock.reserved + change.reserved, missing = change.missing, blocked = change.blocked,
    counted_at = change.counted_at, version = stock.version + 1
from unnest(
    :skus::text[], :stock_owners::text[], :location_ids::text[], :bins::text[], :on_hand::int[], :picked::int[],
    :reserved::int[], :missing::int[], :blocked::bool[], :counted_at::timestamptz[])
    as change (sku, stock_owner, location_id, bin, on_hand, picked, reserved, missing, blocked, counted_at)
where (stock.sku, stock.stock_owner, stock.location_id, stock.bin)
    = (change.sku, change.stock_owner, change.location_id, change.bin);

-- name: add_stock
insert into stock (sku, stock_owner, location_id, bin, on_hand, picked, reserved, missing, blocked, counted_at)
select * from unnest(
    :skus::text[], :stock_owners::text[], :location_ids::text[], :bins::text[], :on_hand::int[], :picked::int[],
    :reserved::int[], :missing::int[], :blocked::bool[], :counted_at::timestamptz[]);

-- name: add_movements
-- In the order given; gives the ids in the same order.
insert into movement (sku, stock_owner, location_id, bin, kind, quantity, value, cause, moved_at)
select sku, stock_owner, location_id, bin, kind, quantity, value, cause, :moved_at::timestamptz
from unnest(
    :skus::text[], :stock_owners::text[], :location_ids::text[], :bins::text[], :kinds::text[], :quantities::int[],
    :values::bigint[], :causes::text[])
    with ordinality as made (sku, stock_owner, location_id, bin, kind, quantity, value, cause, place)
order by place
returning movement_id;

-- name: save_valuations
insert into valuation (sku, stock_owner, quantity, value)
select * from unnest(:skus::text[], :stock_owners::text[], :quantities::bigint[], :values::bigint[])
on conflict (sku, stock_owner) do update set quantity = excluded.quantity, value = excluded.value;

-- Demand -------------------------------------------------------------------------------------------------------------

-- name: add_demands
insert into demand (order_id, stock_owner, received_at, version, choice)
select * from unnest(
    :order_ids::text[], :stock_owners::text[], :received_at::timestamptz[], :versions::int[], :choices::text[]);

-- name: add_demand_lines
insert into demand_line (order_id, line_id, line_number, ship_group_id, sku, weight_g, country, postcode, service,
                         wanted_on)
select * from unnest(
    :order_ids::text[], :line_ids::text[], :line_numbers::int[], :ship_group_ids::text[], :skus::text[],
    :weights_g::int[], :countries::text[], :postcodes::text[], :services::text[], :wanted_on::date[]);

-- name: load_orders
select order_id, stock_owner, released, version, shipments, purchases, choice
from demand
where order_id = any(:order_ids::text[]);

-- name: open_lines
-- What orders have in no shipment, or what of it waits for goods, line by line as the buyer listed them. The orders are
-- named for both tables, so that the lines are read by order too, not one by one for each claim.
select claim.order_id, line.ship_group_id, line.country, line.postcode, line.service, line.wanted_on, line.line_id,
       line.sku, line.weight_g, claim.quantity, claim.location_id, claim.bin, claim.ship_by, claim.deliver_by,
       claim.purchase_order_id, claim.claim_id
from claim
join demand_line as line using (order_id, line_id)
where claim.order_id = any(:order_ids::text[]) and line.order_id = any(:order_ids::text[])
      and (claim.location_id is null or not :only_waiting::bool)
order by claim.order_id, line.ship_group_id, line.line_number, claim.claim_id;

-- name: load_outlooks
-- What of orders lies in bins and what it waits for, one row a destination.
select claim.order_id, line.ship_group_id, demand.released, bool_or(claim.location_id is null) as is_waiting,
       bool_and(claim.location_id is not null or claim.purchase_order_id is not null) as is_all_coming,
       min(claim.ship_by) filter (where claim.location_id is not null) as leaves_by
from claim
join demand_line as line using (order_id, line_id)
join demand using (order_id)
where claim.order_id = any(:order_ids::text[]) and line.order_id = any(:order_ids::text[])
group by claim.order_id, line.ship_group_id, demand.released;

-- name: save_demands
-- Counters only grow; an order that had nothing open keeps its own. What was chosen for it before is history.
update demand
set choice = null, released = coalesce(change.released, demand.released), version = greatest(demand.version, change.version), shipments = greatest(demand.shipments, change.shipments),
    purchases = greatest(demand.purchases, change.purchases)
from unnest(:order_ids::text[], :released::bool[], :versions::int[], :shipments::int[], :purchases::int[])
    as change (order_id, released, version, shipments, purchases)
where demand.order_id = change.order_id;

-- name: redirect_lines
-- An address was corrected.
update demand_line
set country = change.country, postcode = change.postcode
from unnest(:order_ids::text[], :ship_group_ids::text[], :countries::text[], :postcodes::text[])
    as change (order_id, ship_group_id, country, postcode)
where (demand_line.order_id, demand_line.ship_group_id) = (change.order_id, change.ship_group_id);

-- name: drop_claims
delete from claim where claim_id = any(:claim_ids::bigint[]);

-- name: add_claims
insert into claim (order_id, line_id, sku, stock_owner, location_id, bin, quantity, ship_by, deliver_by,
                   purchase_order_id)
select * from unnest(
    :order_ids::text[], :line_ids::text[], :skus::text[], :stock_owners::text[], :location_ids::text[], :bins::text[],
    :quantities::int[], :ship_by::timestamptz[], :deliver_by::date[], :purchase_order_ids::text[]);

-- name: claims_of_orders
select order_id, claim_id, line_id, sku, stock_owner, location_id, bin, quantity, ship_by, deliver_by, purchase_order_id
from claim
where order_id = any(:order_ids::text[])
order by claim_id;

-- name: claims_waiting
-- Released orders first, then oldest promise, for each item no further than what is available can reach.  One that is held
-- may never leave; if it took what was bought for others, the same units would be bought again and again.
select order_id, claim_id, line_id, sku, stock_owner, location_id, bin, quantity, ship_by, deliver_by, purchase_order_id
from (
    select claim.*, demand.received_at, demand.released, available.quantity as available,
           sum(claim.quantity) over (
               partition by claim.sku, claim.stock_owner
               order by demand.released desc, claim.deliver_by, demand.received_at, claim.claim_id rows unbounded preceding
           ) - claim.quantity as wanted_before
    from unnest(:skus::text[], :stock_owners::text[], :quantities::int[]) as available (sku, stock_owner, quantity)
    join claim on (claim.sku, claim.stock_owner) = (available.sku, available.stock_owner)
    join demand using (order_id)
    where claim.location_id is null
) as waiting
where wanted_before < available
order by released desc, deliver_by, received_at, claim_id;

-- name: claims_at
-- Reservations in some bins. No index: only a count that finds too little asks, and claims are few (an order's end with
-- its release).
select claim.order_id, claim_id, line_id, claim.sku, claim.stock_owner, claim.location_id, claim.bin, quantity, ship_by,
       deliver_by, purchase_order_id
from unnest(:skus::text[], :stock_owners::text[], :location_ids::text[], :bins::text[])
    as place (sku, stock_owner, location_id, bin)
join claim using (sku, stock_owner, location_id, bin);

-- name: claims_for_purchases
select order_id, claim_id, line_id, sku, stock_owner, location_id, bin, quantity, ship_by, deliver_by, purchase_order_id
from claim
where purchase_order_id = any(:purchase_order_ids::text[])
order by deliver_by, claim_id;

-- Allocations --------------------------------------------------------------------------------------------------------

-- name: add_allocations
insert into allocation (order_id, shipment, line_id, location_id, bin, quantity, ship_by, deliver_by)
select * from unnest(
    :order_ids::text[], :shipments::int[], :line_ids::text[], :location_ids::text[], :bins::text[],
    :quantities::int[], :ship_by::timestamptz[], :deliver_by::date[]);

-- name: allocations_of_orders
select allocation.order_id, shipment, allocation.line_id, sku, stock_owner, location_id, bin, quantity, ship_by,
       deliver_by, picked, dispatched, recalled, short, cost
from allocation
join demand_line using (order_id, line_id)
join demand using (order_id)
where allocation.order_id = any(:order_ids::text[])
order by allocation.order_id, shipment, line_number, bin;

-- name: allocations_of_shipments
select allocation.order_id, allocation.shipment, allocation.line_id, sku, stock_owner, location_id, bin, quantity,
       ship_by, deliver_by, picked, dispatched, recalled, short, cost
from allocation
join demand_line using (order_id, line_id)
join demand using (order_id)
join unnest(:order_ids::text[], :shipments::int[]) as wanted (order_id, shipment)
    on allocation.order_id = wanted.order_id and allocation.shipment = wanted.shipment
order by allocation.order_id, allocation.shipment, line_number, bin;

-- name: shipments_gone
-- By order alone, and filtered last: where the planner knows little of the table it would look for what left in all of it.
select order_id, shipment
from allocation
where order_id = any(:order_ids::text[])
group by order_id, shipment
having bool_or(dispatched > 0);

-- name: save_allocations
update allocation
set quantity = change.quantity, picked = change.picked, dispatched = change.dispatched, recalled = change.recalled,
    short = change.short, cost = change.cost
from unnest(
    :order_ids::text[], :shipments::int[], :line_ids::text[], :bins::text[], :quantities::int[], :picked::int[],
    :dispatched::int[], :recalled::int[], :short::int[], :costs::bigint[])
    as change (order_id, shipment, line_id, bin, quantity, picked, dispatched, recalled, short, cost)
where (allocation.order_id, allocation.shipment, allocation.line_id, allocation.bin)
    = (change.order_id, change.shipment, change.line_id, change.bin);

-- name: add_asks
insert into ask (ask_id, order_id, purpose)
select * from unnest(:ask_ids::text[], :order_ids::text[], :purposes::text[]);

-- name: load_asks
select ask_id, purpose from ask where ask_id = any(:ask_ids::text[]);

-- Purchases ----------------------------------------------------------------------------------------------------------

-- name: known_purchases
select purchase_order_id from purchase where purchase_order_id = any(:purchase_order_ids::text[]);

-- name: add_purchases
insert into purchase (purchase_order_id, supplier_id, stock_owner, location_id, currency, wanted_on, attempt)
select * from unnest(
    :purchase_order_ids::text[], :supplier_ids::text[], :stock_owners::text[], :location_ids::text[],
    :currencies::text[], :wanted_on::date[], :attempts::int[]);

-- name: add_purchase_lines
insert into purchase_line (purchase_order_id, line_id, sku, ordered, cost, expected_on)
select * from unnest(
    :purchase_order_ids::text[], :line_ids::text[], :skus::text[], :ordered::int[], :costs::bigint[],
    :expected_on::date[]);

-- name: load_purchases
select purchase_order_id, supplier_id, stock_owner, location_id, currency, wanted_on, attempt, reorders
from purchase
where purchase_order_id = any(:purchase_order_ids::text[]);

-- name: load_purchase_lines
select purchase_order_id, line_id, sku, stock_owner, ordered, received, refused, cost, expected_on
from purchase_line
join purchase using (purchase_order_id)
where purchase_order_id = any(:purchase_order_ids::text[])
order by purchase_order_id, line_id;

-- name: save_purchase_lines
update purchase_line
set received = change.received, refused = change.refused, expected_on = change.expected_on
from unnest(
    :purchase_order_ids::text[], :line_ids::text[], :received::int[], :refused::int[], :expected_on::date[])
    as change (purchase_order_id, line_id, received, refused, expected_on)
where (purchase_line.purchase_order_id, purchase_line.line_id) = (change.purchase_order_id, change.line_id);

-- name: save_reorders
update purchase
set reorders = change.reorders
from unnest(:purchase_order_ids::text[], :reorders::int[]) as change (purchase_order_id, reorders)
where purchase.purchase_order_id = change.purchase_order_id;

-- name: lines_coming
-- What suppliers still owe of some items, the first to come first.
select purchase_order_id, line_id, sku, stock_owner, ordered, received, refused, cost, expected_on
from purchase_line
join purchase using (purchase_order_id)
where sku = any(:skus::text[]) and ordered > received + refused
order by expected_on, purchase_order_id, line_id;
