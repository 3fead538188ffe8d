-- What billing asks its tables, by name. Arrays of one call have the same length; rows are written in the order given.

-- name: known_orders
select order_id from order_account where order_id = any(:order_ids::text[]);

-- name: orders_of_payments
-- One order for each reference: the oldest, should two share one.
select distinct on (reference) reference, payment.order_id
from payment join order_account using (order_id)
where reference = any(:references::text[])
order by reference, placed_at, payment.order_id;

-- name: paid_on_delivery
select distinct order_id from payment where order_id = any(:order_ids::text[]) and moment = 'delivery';

-- name: load_accounts
select order_id, seller, customer_id, currency, due, moved, days_net, requests, funds, funds_until, lost_reason, is_final,
    exposed, is_wanted
from order_account where order_id = any(:order_ids::text[]);

-- name: load_payments
select order_id, payment_id, reference, method, moment, amount, authorized, expires_at, authorized_at, captured,
    refunded, asked_authorization, asked_capture, asked_void, asked_refund, refusals, reason, is_granted, is_resting
from payment where order_id = any(:order_ids::text[]) order by order_id, position;

-- name: load_invoices
-- The oldest of an order first.
select order_id, invoice_number, shipment_id, total, paid, credited
from invoice where order_id = any(:order_ids::text[]) order by order_id, serial;

-- name: load_lines
-- The lines of orders, with what was cancelled and invoiced of each so far.
select order_id, line_id, sku, quantity, amount, discount, taxes,
    coalesce(c.cancelled, 0)::int as cancelled, coalesce(i.invoiced, 0)::int as invoiced
from order_line
left join (
    select order_id, line_id, sum(quantity) as cancelled from cancelled_line
    where order_id = any(:order_ids::text[]) group by order_id, line_id
) as c using (order_id, line_id)
left join (
    select order_id, line_id, sum(quantity) as invoiced from invoice_line
    where order_id = any(:order_ids::text[]) group by order_id, line_id
) as i using (order_id, line_id)
where order_id = any(:order_ids::text[])
order by order_id, position;

-- name: load_charges
select order_id, charges from order_account where order_id = any(:order_ids::text[]);

-- name: load_creditable
-- The lines of shipments' invoices, with what of each was credited so far; whether the charges are on that invoice.
select invoice.shipment_id, invoice.charges <> 0 as has_charges, l.line_id, l.first, l.quantity,
    coalesce(c.credited, 0)::int as credited, o.quantity as ordered, o.amount, o.discount, o.taxes
from invoice
join invoice_line as l using (order_id, invoice_number)
join order_line as o on o.order_id = l.order_id and o.line_id = l.line_id
left join (
    select order_id, line_id, invoice_number, sum(quantity) as credited from credit_line
    where order_id = any(:order_ids::text[]) group by order_id, line_id, invoice_number
) as c on c.order_id = l.order_id and c.line_id = l.line_id and c.invoice_number = l.invoice_number
where invoice.order_id = any(:order_ids::text[]) and invoice.shipment_id = any(:shipment_ids::text[])
order by invoice.shipment_id, o.position;

-- name: settled_lines
-- What was invoiced of orders, by line.
select order_id, line_id, sum(quantity)::int as quantity
from invoice_line where order_id = any(:order_ids::text[])
group by order_id, line_id order by order_id, line_id;

-- name: insert_accounts
insert into order_account (
    order_id, seller, customer_id, currency, placed_at, due, moved, days_net, requests, funds, funds_until, lost_reason,
    is_final, exposed, is_wanted, charges
)
select * from unnest(
    :order_ids::text[], :sellers::text[], :customer_ids::text[], :currencies::text[], :placed_ats::timestamptz[],
    :dues::bigint[], :moveds::bigint[], :days_nets::int[], :requestses::int[], :fundses::text[],
    :untils::timestamptz[], :reasons::text[], :finals::boolean[], :exposeds::bigint[], :wanteds::boolean[],
    :chargeses::jsonb[]
);

-- name: insert_lines
insert into order_line (order_id, line_id, position, sku, quantity, amount, discount, taxes)
select * from unnest(
    :order_ids::text[], :line_ids::text[], :positions::smallint[], :skus::text[], :quantities::int[],
    :amounts::bigint[], :discounts::bigint[], :taxeses::jsonb[]
);

-- name: insert_payments
insert into payment (
    order_id, payment_id, position, reference, method, moment, amount, captured, reason, is_granted, asked_refund
)
select * from unnest(
    :order_ids::text[], :payment_ids::text[], :positions::smallint[], :references::text[], :methods::text[],
    :moments::text[], :amounts::bigint[], :captureds::bigint[], :reasons::text[], :granteds::boolean[],
    :asked_refunds::bigint[]
);

-- name: update_accounts
update order_account set
    due = b.due, moved = b.moved, days_net = b.days_net, requests = b.requests, funds = b.funds,
    funds_until = b.funds_until, lost_reason = b.lost_reason, is_final = b.is_final, exposed = b.exposed,
    is_wanted = b.is_wanted
from unnest(
    :order_ids::text[], :dues::bigint[], :moveds::bigint[], :days_nets::int[], :requestses::int[], :fundses::text[],
    :untils::timestamptz[], :reasons::text[], :finals::boolean[], :exposeds::bigint[], :wanteds::boolean[]
) as b (
    order_id, due, moved, days_net, requests, funds, funds_until, lost_reason, is_final, exposed, is_wanted
)
where order_account.order_id = b.order_id;

-- name: update_payments
update payment set
    authorized = b.authorized, expires_at = b.expires_at, authorized_at = b.authorized_at,
    captured = b.captured, refunded = b.refunded,
    asked_authorization = b.asked_authorization, asked_capture = b.asked_capture, asked_void = b.asked_void,
    asked_refund = b.asked_refund, refusals = b.refusals, reason = b.reason, is_granted = b.is_granted,
    is_resting = b.is_resting
from unnest(
    :order_ids::text[], :payment_ids::text[], :authorizeds::bigint[], :expires_ats::timestamptz[],
    :authorized_ats::timestamptz[], :captureds::bigint[], :refundeds::bigint[], :asked_authorizations::bigint[],
    :asked_captures::bigint[], :asked_voids::bigint[], :asked_refunds::bigint[], :refusalses::smallint[],
    :reasons::text[], :granteds::boolean[], :restings::boolean[]
) as b (
    order_id, payment_id, authorized, expires_at, authorized_at, captured, refunded, asked_authorization,
    asked_capture, asked_void, asked_refund, refusals, reason, is_granted, is_resting
)
where payment.order_id = b.order_id and payment.payment_id = b.payment_id;

-- name: update_invoices
update invoice set paid = b.paid, credited = b.credited
from unnest(:numbers::text[], :paids::bigint[], :crediteds::bigint[]) as b (invoice_number, paid, credited)
where invoice.invoice_number = b.invoice_number;

-- name: insert_cancelled
insert into cancelled_line (order_id, line_id, ask_id, quantity)
select * from unnest(:order_ids::text[], :line_ids::text[], :ask_ids::text[], :quantities::int[]);

-- name: lock_series
-- The last number of each series, held until the transaction ends: so numbers have no gaps. Sorted against deadlocks.
select series, last_number from invoice_series where series = any(:series::text[]) order by series for update;

-- name: save_series
insert into invoice_series (series, last_number)
select * from unnest(:series::text[], :last_numbers::int[])
on conflict (series) do update set last_number = excluded.last_number;

-- name: insert_invoices
insert into invoice (
    invoice_number, order_id, shipment_id, series, serial, customer_id, currency, total, charges, tax, paid, credited,
    issued_on, due_on, remittance_key
)
select * from unnest(
    :numbers::text[], :order_ids::text[], :shipment_ids::text[], :series::text[], :serials::int[],
    :customer_ids::text[], :currencies::text[], :totals::bigint[], :chargeses::bigint[], :taxes::bigint[],
    :paids::bigint[], :crediteds::bigint[], :issued_ons::date[], :due_ons::date[], :remittance_keys::text[]
);

-- name: insert_invoice_lines
insert into invoice_line (order_id, line_id, invoice_number, first, quantity, amount, discount, tax_added, tax_included)
select * from unnest(
    :order_ids::text[], :line_ids::text[], :numbers::text[], :firsts::int[], :quantities::int[], :amounts::bigint[],
    :discounts::bigint[], :taxes_added::bigint[], :taxes_included::bigint[]
);

-- name: insert_credit_notes
insert into credit_note (credit_note_number, order_id, invoice_number, parcel_id, total, charges, issued_on)
select * from unnest(
    :numbers::text[], :order_ids::text[], :invoice_numbers::text[], :parcel_ids::text[], :totals::bigint[],
    :chargeses::bigint[], :issued_ons::date[]
);

-- name: insert_credit_lines
insert into credit_line (order_id, line_id, invoice_number, credit_note_number, quantity, amount)
select * from unnest(
    :order_ids::text[], :line_ids::text[], :invoice_numbers::text[], :numbers::text[], :quantities::int[],
    :amounts::bigint[]
);

-- name: insert_requests
insert into payment_request (
    request_id, order_id, payment_id, wish, amount, refund_id, credit_note_number, asked_at
)
select *, :now::timestamptz from unnest(
    :request_ids::text[], :order_ids::text[], :payment_ids::text[], :wishes::text[], :amounts::bigint[],
    :refund_ids::text[], :credit_note_numbers::text[]
);

-- name: load_requests
select request_id, payment_id, wish, amount, refund_id, credit_note_number, state
from payment_request where request_id = any(:request_ids::text[]);

-- name: answer_requests
update payment_request set state = b.state
from unnest(:request_ids::text[], :states::text[]) as b (request_id, state)
where payment_request.request_id = b.request_id;

-- name: known_operations
select operation_id from payment_operation where operation_id = any(:operation_ids::text[]);

-- name: insert_operations
insert into payment_operation (operation_id, order_id, payment_id, outcome, amount, request_id, taken_at)
select *, :now::timestamptz from unnest(
    :operation_ids::text[], :order_ids::text[], :payment_ids::text[], :outcomes::text[], :amounts::bigint[],
    :request_ids::text[]
);

-- name: post
-- Transactions with their entries in one statement: the entries of a statement must balance.
with posted as (
    insert into ledger_transaction (kind, reference, order_id, currency, posted_at)
    select kind, reference, order_id, currency, :now::timestamptz
    from unnest(
        :kinds::text[], :references::text[], :order_ids::text[], :currencies::text[]
    ) as b (kind, reference, order_id, currency)
    returning transaction_id, kind, reference
)
insert into ledger_entry (transaction_id, account, amount)
select posted.transaction_id, e.account::ledger_account, e.amount
from unnest(
    :entry_kinds::text[], :entry_references::text[], :accounts::text[], :amounts::bigint[]
) as e (kind, reference, account, amount)
join posted using (kind, reference);

-- name: load_terms
-- The terms of customers, and what of their limits is taken in the currency of the terms.
select customer_id, currency, days_net, credit_limit, effective_from, coalesce(exposure, 0) as exposure
from customer_terms left join customer_exposure using (customer_id, currency)
where customer_id = any(:customer_ids::text[]);

-- name: save_terms
-- A record that is older than the one in force changes nothing.
insert into customer_terms (customer_id, currency, days_net, credit_limit, effective_from, recorded_at)
select * from unnest(
    :customer_ids::text[], :currencies::text[], :days_nets::int[], :credit_limits::bigint[], :effective_froms::date[],
    :recorded_ats::timestamptz[]
)
on conflict (customer_id) do update set
    currency = excluded.currency, days_net = excluded.days_net, credit_limit = excluded.credit_limit,
    effective_from = excluded.effective_from, recorded_at = excluded.recorded_at
where (excluded.effective_from, excluded.recorded_at) > (customer_terms.effective_from, customer_terms.recorded_at);

-- name: add_exposure
-- Two ways, since the check of a new row would refuse a fall.
with change (customer_id, currency, amount) as (
    select * from unnest(:customer_ids::text[], :currencies::text[], :amounts::bigint[])
), changed as (
    update customer_exposure set exposure = exposure + change.amount from change
    where customer_exposure.customer_id = change.customer_id and customer_exposure.currency = change.currency
    returning customer_exposure.customer_id, customer_exposure.currency
)
insert into customer_exposure (customer_id, currency, exposure)
select customer_id, currency, amount from change where (customer_id, currency) not in (select * from changed);

-- name: waiting_orders
-- Orders that wait for room under their customers' limits, each customer's oldest first, with what they want of it.
select order_id, customer_id, order_account.currency, least(
    sum(payment.amount), greatest(0, due - moved - coalesce(received.amount, 0))
)::bigint as amount
from order_account
join payment using (order_id)
left join lateral (
    select sum(captured - refunded) as amount from payment as p where p.order_id = order_account.order_id
) as received on true
where customer_id = any(:customer_ids::text[]) and lost_reason in ('over_limit', 'no_terms')
    and payment.moment = 'account' and not payment.is_granted and is_wanted
group by order_id, received.amount
order by customer_id, placed_at, order_id;

-- name: insert_transfers
insert into transfer (bank_reference, amount, currency, value_date, state)
select * from unnest(
    :bank_references::text[], :amounts::bigint[], :currencies::text[], :value_dates::date[], :states::text[]
);

-- name: insert_suspense_keys
insert into suspense_key (remittance_key, bank_reference)
select * from unnest(:remittance_keys::text[], :bank_references::text[]);

-- name: find_claims
-- What remittance keys name: invoices with what is open, and orders with what is still to come.
select remittance_key as key, order_id, invoice_number, currency, greatest(0, total - paid - credited) as open
from invoice where remittance_key = any(:keys::text[])
union all
select replace(order_id, '-', ''), order_id, null, currency, greatest(0, due - moved - coalesce(
    (select sum(captured - refunded) from payment where payment.order_id = order_account.order_id), 0
))::bigint
from order_account where order_id = any(:order_ids::text[]);

-- name: find_suspense
-- Transfers in suspense that name one of these keys, oldest first.
select k.remittance_key as key, k.bank_reference, t.amount, t.currency
from suspense_key as k join transfer as t using (bank_reference)
where k.remittance_key = any(:keys::text[]) and t.state = 'suspense'
order by t.value_date, k.bank_reference;

-- name: match_transfers
with matched as (
    update transfer set state = 'matched' where bank_reference = any(:bank_references::text[])
    returning bank_reference
)
delete from suspense_key using matched where suspense_key.bank_reference = matched.bank_reference;

-- name: insert_costs
insert into shipped_cost (shipment_id, line_id, quantity, cost, currency)
select * from unnest(
    :shipment_ids::text[], :line_ids::text[], :quantities::int[], :costs::bigint[], :currencies::text[]
);

-- name: load_costs
select shipment_id, line_id, quantity, cost, currency from shipped_cost where shipment_id = any(:shipment_ids::text[]);
