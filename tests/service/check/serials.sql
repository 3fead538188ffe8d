-- Another run of the same business: on another day, under other numbers, for other causes.
update inventory.demand set received_at = received_at + interval '1 day';
update inventory.claim set ship_by = ship_by + interval '1 day', deliver_by = deliver_by + 1;
update inventory.allocation set ship_by = ship_by + interval '1 day', deliver_by = deliver_by + 1;
update inventory.movement set moved_at = moved_at + interval '1 day', cause = 'other-' || cause;
update fulfillment.shipment set released_at = released_at + interval '1 day';
update fulfillment.parcel set sscc = overlay(sscc placing '9' from 1 for 1);
update shipping.shipment set deliver_by = deliver_by + 1;
update shipping.parcel set sscc = overlay(sscc placing '9' from 1 for 1), reported_at = reported_at + interval '1 day';
update shipping.label set tracking_number = 'N' || tracking_number, deliver_by = deliver_by + 1;
update shipping.dispatch set manifest_id = 'LONDON/Post/2', dispatched_at = dispatched_at + interval '1 day';
update shipping.tracking_report set occurred_at = occurred_at + interval '1 day';
update billing.order_account set placed_at = placed_at + interval '1 day';
update billing.invoice set
    invoice_number = 'NEW-' || invoice_number, serial = serial + 100, remittance_key = 'new' || remittance_key,
    issued_on = issued_on + 1, due_on = due_on + 1;
update billing.credit_note set credit_note_number = 'NEW-' || credit_note_number, issued_on = issued_on + 1;
update billing.payment_request set asked_at = asked_at + interval '1 day';
update billing.payment_operation set operation_id = 'new-' || operation_id, taken_at = taken_at + interval '1 day';
update billing.ledger_transaction set reference = 'new-' || reference, posted_at = posted_at + interval '1 day';
update notifications.message set about = 'new-' || about;
