-- What the demo reads of the services' tables, as the auditor.

-- name: stages
-- How far the orders have come, stage by stage, in one look, which reads each table once.
select
    orders.received,
    (select count(*) from billing.order_account where funds = 'secured') as funds_secured,
    orders.released,
    (select count(*) from inventory.demand where shipments > 0) as allocated,
    (select count(*) from fulfillment.shipment where state <> 'released') as packed,
    (select count(*) from shipping.dispatch) as dispatched,
    (select count(*) from billing.invoice) as invoiced,
    (select count(*) from shipping.parcel where milestone = 'delivered') as delivered,
    orders.completed,
    mails.told,
    mails.untold
from (
    select
        count(*) as received,
        count(*) filter (where was_released) as released,
        count(*) filter (where state = 'completed') as completed
    from intake.placed_order
) as orders
cross join (
    select count(*) filter (where outcome = 'sent') as told, count(*) filter (where outcome is null) as untold
    from notifications.message
) as mails;

-- name: states
-- All orders but those that an earlier run, or somebody by hand, left on their way: they may rest for ever.
select state, count(*) as orders from intake.placed_order where order_id <> all(:left::text[])
group by state order by state;

-- name: left_on_their_way
select order_id from intake.placed_order where state in ('received', 'released', 'held');

-- name: states_of
-- How far these orders have come, and nobody else's.
select state, count(*) as orders from intake.placed_order where order_id = any(:order_ids::text[])
group by state order by state;

-- name: one_completed
-- The first of these orders that came to a good end, to look at.
select channel, channel_order_id from intake.placed_order
where order_id = any(:order_ids::text[]) and state = 'completed' order by channel_order_id limit 1;

-- name: known_orders
select order_id from intake.placed_order where order_id = any(:order_ids::text[]);

-- name: known_items
select distinct sku from inventory.item;

-- name: last_number
-- The highest order number of this seed so far.
select max(channel_order_id) as last from intake.placed_order where channel_order_id like :prefix::text || '%';

-- name: unfinished
-- Some of a run's orders that still move, oldest first, for whoever looks why.
select order_id, channel, channel_order_id, state from intake.placed_order
where order_id = any(:order_ids::text[]) and state in ('received', 'released', 'held')
order by state desc, channel_order_id limit 3;

-- name: money
-- Each account's balance; credits stand below zero.
select account, currency, sum(amount)::bigint as balance
from billing.ledger_entry inner join billing.ledger_transaction using (transaction_id)
group by account, currency order by currency, account;

-- name: goods
select
    (select coalesce(sum(on_hand), 0) from inventory.stock)::bigint as on_hand,
    (select coalesce(sum(reserved), 0) from inventory.stock)::bigint as reserved,
    (select coalesce(sum(value), 0) from inventory.valuation)::bigint as value,
    (select count(*) from inventory.purchase) as purchases,
    (select count(*) from shipping.dispatch) as shipments,
    (select count(*) from shipping.parcel) as parcels,
    (select coalesce(sum(dispatched), 0) from intake.order_line)::bigint as units,
    (select count(*) from notifications.message where outcome = 'sent') as mails_sent,
    (select count(*) from notifications.message where outcome is null) as mails_on_their_way;
