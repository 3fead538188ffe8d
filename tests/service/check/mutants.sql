-- For each law of `ordermill check` the smallest change to the world that breaks it, and no law that can be asked as
-- early. Where a constraint would refuse the change it goes first: a law looks after it for the day when it is gone.

-- --- events ---------------------------------------------------------------------------------------------------------

-- name: announced_equals_heard
update billing.tally set messages = messages + 1 where topic = 'intake-orders' and lane = 1 and outcome = 'handled';

-- name: announcements_are_published
update kafka.log set "end" = "end" - 1 where topic = 'notification-messages' and lane = 1;

-- name: dead_letters_say_why
update shipping.later set error = null where reason = 'dead';

-- name: messages_are_accounted_for
update kafka.log set "end" = "end" + 1 where topic = 'intake-orders' and lane = 1;
update kafka.position set next = next + 1 where service = 'billing' and topic = 'intake-orders' and lane = 1;

-- name: positions_are_in_the_log
insert into billing.tally (topic, lane, outcome, messages) values ('intake-orders', 1, 'duplicate', 1);
update kafka.position set next = next + 1 where service = 'billing' and topic = 'intake-orders' and lane = 1;

-- name: queues_have_a_head
delete from shipping.later where reason = 'dead';
update shipping.tally set messages = messages - 1 where outcome = 'later';
update shipping.tally set messages = messages + 1 where topic = 'carrier-tracking' and outcome = 'handled';

-- name: revisions_are_heard_to_the_last
update intake.heard set revision = 1 where queue = 'billing-accounts/order-1';

-- name: revisions_said_are_announced
update notifications.said set revision = 3 where queue = 'notification-messages/order-1';

-- name: set_aside_is_counted
update shipping.tally set messages = messages - 1 where outcome = 'later';
update shipping.tally set messages = messages + 1 where topic = 'carrier-tracking' and outcome = 'handled';

-- name: what_waits_is_tried_again
update shipping.later set due = null where reason = 'early';

-- --- lifecycle ------------------------------------------------------------------------------------------------------

-- name: arrived_equals_parcels
update intake.order_line set delivered = 2, ended = 0 where order_id = 'order-4';

-- name: cancelled_equals_released
update intake.ask_line set wanted = 2, asked = 2, released = 2 where ask_id = 'order-4.ask-1';

-- name: containers_have_their_own_number
update shipping.parcel set sscc = (select sscc from shipping.parcel where parcel_id = 'order-5.1.1')
where parcel_id = 'order-1.1.1';

-- name: dispatched_parcels_have_a_label
update shipping.label set voided = true where parcel_id = 'order-1.1.1';

-- name: ended_orders_hold_nothing
insert into inventory.demand (order_id, stock_owner, received_at, version) values ('order-7', 'us', now(), 1);
insert into inventory.demand_line (
    order_id, line_id, line_number, ship_group_id, sku, weight_g, country, postcode
) values ('order-7', '1', 1, '1', 'SKU-8', 500, 'GB', 'SE1 7PB');
insert into inventory.claim (order_id, line_id, sku, stock_owner, quantity, ship_by, deliver_by)
values ('order-7', '1', 'SKU-8', 'us', 1, now(), current_date);

-- name: funds_are_as_billing_says
update intake.placed_order set funds = 'pending' where order_id = 'order-2';

-- name: holds_and_asks_are_counted
update intake.placed_order set holds_made = 2 where order_id = 'order-3';

-- name: lines_are_the_same_everywhere
update billing.order_line set quantity = 9 where order_id = 'order-1' and line_id = '1';

-- name: live_orders_have_an_owner
insert into intake.placed_order values ('lonely', 'webshop', 'W-0', 'received', 'secured', true, false, 1, 0, 0, 0);
insert into inventory.demand (order_id, stock_owner, received_at, version) values ('lonely', 'us', now(), 1);
insert into billing.order_account (order_id, seller, currency, placed_at, due, funds)
values ('lonely', 'shop', 'GBP', now(), 0, 'secured');

-- name: one_order_per_channel_order
update intake.placed_order set channel_order_id = 'W-1' where order_id = 'order-2';

-- name: only_dispatched_parcels_move
insert into shipping.parcel (
    parcel_id, shipment_id, order_version, sscc, weight_g, length_mm, width_mm, height_mm, lines, milestone
) values ('order-2.1.1', 'order-2.1', 1, '0', 1, 1, 1, 1, '{}', 'moving');

-- name: orders_are_in_their_state
update intake.placed_order set state = 'received' where order_id = 'order-3';

-- name: orders_are_known_everywhere
update intake.placed_order set state = 'cancelled' where order_id = 'order-7';

-- name: packed_shipments_are_done
update fulfillment.parcel_line set quantity = quantity + 1 where shipment_id = 'order-1.1' and line_id = '1';

-- name: parcels_are_numbered
update fulfillment.shipment set parcels_made = 2 where shipment_id = 'order-1.1';

-- name: parcels_are_the_same_everywhere
update fulfillment.parcel_line set quantity = 2 * (2 - number) where shipment_id = 'order-4.1';

-- name: parcels_are_where_reports_say
delete from shipping.tracking_report where parcel_id = 'order-1.1.1';

-- name: quantities_stay_within_the_order
update intake.order_line set delivered = 1 where order_id = 'order-2' and line_id = '1';

-- name: settled_equals_invoiced
update intake.order_line set settled = 9 where order_id = 'order-1' and line_id = '1';

-- name: shipments_are_known_everywhere
update shipping.shipment set location_id = 'LEEDS' where shipment_id = 'order-1.1';

-- name: shipments_packed_are_dispatched
insert into fulfillment.shipment values ('order-2.2', 'order-2', 'LONDON', '1', 1, 'packed', 0, now());

-- name: wishes_are_answered_whole
update intake.ask_line set wanted = 2, asked = 2 where ask_id = 'order-4.ask-1';

-- --- messages -------------------------------------------------------------------------------------------------------

-- name: cancellations_are_told
delete from notifications.message where order_id = 'order-4' and milestone = 'order_cancelled';

-- name: dispatches_are_told
delete from notifications.message where order_id = 'order-1' and milestone = 'shipment_dispatched';

-- name: ends_of_parcels_are_told
update notifications.message set milestone = 'shipment_delivered' where milestone = 'parcel_closed' and order_id = 'order-4';

-- name: erased_contacts_are_gone_everywhere
update notifications.contact set erased = true, name = '', email = null where order_id = 'order-1';

-- name: messages_are_about_known_orders
delete from notifications.customer_order where order_id = 'order-1';

-- name: messages_have_an_outcome
update notifications.message set outcome = null where order_id = 'order-1' and milestone = 'order_confirmed';

-- name: one_message_per_milestone
alter table notifications.message drop constraint message_pkey;
insert into notifications.message select * from notifications.message where order_id = 'order-1' limit 1;

-- name: orders_are_confirmed
delete from notifications.message where order_id = 'order-1' and milestone = 'order_confirmed';

-- name: refunds_are_told
delete from notifications.message where order_id = 'order-4' and milestone = 'order_refunded';

-- --- money ----------------------------------------------------------------------------------------------------------

-- name: asked_amounts_are_open_requests
update billing.payment set asked_capture = 100 where order_id = 'order-2';

-- name: bank_equals_transfers
update billing.transfer set amount = amount + 1 where bank_reference = 'BANK-nobody';

-- name: captures_equal_operations
update billing.payment_operation set amount = amount + 1 where order_id = 'order-1';

-- name: cash_equals_captured_less_refunded
update billing.ledger_entry set account = 'payment_fees'
where
    account = 'cash_in_transit'
    and transaction_id = (select transaction_id from billing.ledger_transaction where (kind, reference) = ('received', 'order-1'));

-- name: completed_orders_come_to_their_invoices
update billing.order_account set due = due + 1 where order_id = 'order-1';

-- name: completed_orders_owe_nothing
update billing.invoice set paid = paid - 100 where order_id = 'order-1';
update billing.ledger_entry set amount = amount + case account when 'receivable' then 100 else -100 end
where transaction_id = (select transaction_id from billing.ledger_transaction where (kind, reference) = ('applied', 'order-1.1'));

-- name: cost_of_goods_equals_shipped_cost
update billing.shipped_cost set cost = cost + 1 where shipment_id = 'order-1.1' and line_id = '1';

-- name: credit_note_numbers_have_no_gap
update billing.invoice_series set last_number = last_number + 1 where series = 'CN-SHOP';

-- name: credited_equals_credit_notes
update billing.credit_note set total = total + 1 where order_id = 'order-4';

-- name: credited_units_were_invoiced
update billing.credit_line set quantity = 9 where order_id = 'order-4';

-- name: credits_do_not_exceed_invoices
-- Money applied is taken back as far as it must be for all else to tie.
alter table billing.invoice drop constraint invoice_check1;
update billing.credit_note set total = 3000 where order_id = 'order-4';
update billing.invoice set credited = 3000, paid = -100 where order_id = 'order-4';
update billing.ledger_entry set amount = amount + case account when 'revenue' then 1800 else -1800 end
where
    account in ('revenue', 'customer_deposits')
    and transaction_id = (select transaction_id from billing.ledger_transaction where (kind, reference) = ('credit_note', 'order-4.1'));

-- name: deposits_equal_money_not_applied
update billing.order_account set moved = 100 where order_id = 'order-1';

-- name: exposure_equals_orders
update billing.customer_exposure set exposure = exposure + 1 where customer_id = 'customer-2';

-- name: facts_are_posted_once
alter table billing.ledger_transaction drop constraint ledger_transaction_kind_reference_key;
update billing.ledger_transaction set kind = 'invoice', reference = 'order-1.1' where (kind, reference) = ('received', 'order-1');

-- name: goods_received_equal_movements
update billing.ledger_entry set amount = 2 * amount
where transaction_id = (select transaction_id from billing.ledger_transaction where reference = 'PO-order-2/2');

-- name: invoice_numbers_have_no_gap
update billing.invoice_series set last_number = last_number + 1 where series = 'SHOP';

-- name: invoices_equal_dispatched
update billing.invoice_line set quantity = 3 where order_id = 'order-1' and line_id = '1';
update intake.order_line set settled = 3 where order_id = 'order-1' and line_id = '1';

-- name: invoices_equal_their_lines
update billing.invoice_line set amount = amount + 1 where order_id = 'order-1' and line_id = '1';

-- name: ledger_balances
update billing.ledger_entry set amount = amount + 1 where account = 'goods_received_not_invoiced';

-- name: ledger_entries_have_a_transaction
delete from billing.ledger_transaction where reference = 'PO-order-2/2';

-- name: one_invoice_per_shipment
alter table billing.invoice drop constraint invoice_shipment_id_key;
update billing.invoice set shipment_id = 'order-1.1' where order_id = 'order-8';

-- name: orders_keep_to_one_currency
update billing.invoice set currency = 'EUR' where order_id = 'order-1';

-- name: receivable_equals_open_invoices
update billing.ledger_entry set account = 'payment_fees'
where
    account = 'receivable'
    and transaction_id = (select transaction_id from billing.ledger_transaction where (kind, reference) = ('invoice', 'order-1.1'));

-- name: refunds_stay_below_captures
alter table billing.payment drop constraint payment_check;
update billing.payment set refunded = 5000 where order_id = 'order-1';
insert into billing.payment_operation values ('operation-0', 'order-1', '1', 'refunded', 5000, null, now());
with posted as (
    insert into billing.ledger_transaction (kind, reference, order_id, currency, posted_at)
    values ('refunded', 'operation-0', 'order-1', 'GBP', now()) returning transaction_id
)
insert into billing.ledger_entry
select transaction_id, account::billing.ledger_account, amount
from posted cross join (values ('cash_in_transit', -5000), ('customer_deposits', 5000)) as entry (account, amount);

-- name: requests_are_answered
insert into billing.payment_request (request_id, order_id, payment_id, wish, amount, asked_at)
values ('request-0', 'order-2', '1', 'capture', 100, now());
update billing.payment set asked_capture = 100 where order_id = 'order-2';

-- name: sales_equal_invoices
update billing.ledger_entry set account = 'payment_fees'
where
    account = 'carriage'
    and transaction_id = (select transaction_id from billing.ledger_transaction where (kind, reference) = ('invoice', 'order-1.1'));

-- name: shipped_cost_equals_allocations
update inventory.allocation set cost = cost + 1 where order_id = 'order-1' and line_id = '1';

-- name: suspense_equals_unmatched_transfers
update billing.transfer set state = 'matched' where bank_reference = 'BANK-nobody';

-- name: tax_equals_invoices
update billing.invoice set tax = tax + 1 where order_id = 'order-1';

-- --- stock ----------------------------------------------------------------------------------------------------------

-- name: allocated_equals_picks
update fulfillment.pick set quantity = quantity + 1 where shipment_id = 'order-2.1';

-- name: dispatched_equals_packed_and_consumed
update intake.order_line set dispatched = 1 where order_id = 'order-2' and line_id = '1';

-- name: holdings_belong_to_demands
delete from inventory.demand_line where order_id = 'order-3';

-- name: movements_have_their_sign
insert into inventory.movement (sku, stock_owner, location_id, bin, kind, quantity, cause, moved_at)
select 'SKU-2', 'us', 'LONDON', '01', 'picked', quantity, 'cause', now() from (values (-1), (1)) as moved (quantity);

-- name: orders_hold_what_they_want
update inventory.claim set quantity = 2 where order_id = 'order-2';

-- name: picked_equals_allocations
update inventory.allocation set picked = 2 where order_id = 'order-2';

-- name: received_equals_purchases
update inventory.purchase_line set received = 2 where purchase_order_id = 'PO-order-2';

-- name: reserved_equals_holdings
update inventory.claim set quantity = 2 where order_id = 'order-3';

-- name: shipments_are_numbered
update inventory.demand set shipments = 0 where order_id = 'order-1';

-- name: stock_equals_movements
update inventory.movement set quantity = quantity + 1 where kind = 'reserved' and sku = 'SKU-2';

-- name: stock_is_within_bounds
-- A count finds nothing, and nobody notes that what is reserved is missing.
alter table inventory.stock drop constraint reserved_units_are_here;
insert into inventory.movement (sku, stock_owner, location_id, bin, kind, quantity, value, cause, moved_at)
select sku, stock_owner, location_id, bin, 'adjusted', -on_hand, -600 * on_hand, 'count-2', now()
from inventory.stock
where sku = 'SKU-4';
update inventory.stock set on_hand = 0 where sku = 'SKU-4';
update inventory.valuation set quantity = 0, value = 0 where sku = 'SKU-4';

-- name: valuation_equals_stock
update inventory.valuation set value = value + 1 where sku = 'SKU-2';

-- name: waiting_units_are_bought
update inventory.claim set purchase_order_id = 'PO-of-nobody' where order_id = 'order-2';
