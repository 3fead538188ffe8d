-- One order's money: what it comes to, how it is paid, what was invoiced.

create table order_account (
    order_id text collate "C" primary key,
    seller text not null,
    customer_id text collate "C",
    currency text collate "C" not null,
    placed_at timestamptz not null,
    -- What it comes to now: as placed, less what was cancelled or credited.
    due bigint not null,
    moved bigint not null default 0,
    days_net int not null default 0,
    requests int not null default 0,
    funds text not null default 'pending' check (funds in ('pending', 'secured', 'lost')),
    funds_until timestamptz,
    lost_reason text,
    is_final boolean not null default false,
    -- What the customer owes or will owe for it on account: the customer's exposure is the sum of these.
    exposed bigint not null default 0 check (exposed >= 0),
    is_wanted boolean not null default true,
    -- Carriage and the like, read only when the order is invoiced, cancelled or credited: [kind, amount, discount, taxes].
    charges jsonb not null default '[]'
) with (fillfactor = 70);

-- Orders that wait for room under their customer's limit, oldest first.
create index order_account_waiting on order_account (customer_id, placed_at)
where lost_reason in ('over_limit', 'no_terms');

create table order_line (
    order_id text collate "C" not null,
    line_id text collate "C" not null,
    position smallint not null,
    sku text collate "C" not null,
    quantity int not null check (quantity > 0),
    amount bigint not null,
    discount bigint not null,
    -- [jurisdiction, rate, amount, included] each.
    taxes jsonb not null default '[]',
    primary key (order_id, line_id)
);

create table cancelled_line (
    order_id text collate "C" not null,
    line_id text collate "C" not null,
    ask_id text collate "C" not null,
    quantity int not null check (quantity > 0),
    primary key (order_id, line_id, ask_id)
);

create table payment (
    order_id text collate "C" not null,
    payment_id text collate "C" not null,
    position smallint not null,
    reference text collate "C" not null,
    method text not null,
    moment text not null check (moment in ('captured', 'dispatch', 'release', 'account', 'delivery')),
    amount bigint not null,
    authorized bigint not null default 0 check (authorized >= 0),
    expires_at timestamptz,
    authorized_at timestamptz,
    captured bigint not null default 0,
    -- Never more than was captured.
    refunded bigint not null default 0 check (refunded between 0 and captured),
    asked_authorization bigint not null default 0,
    asked_capture bigint not null default 0,
    asked_void bigint not null default 0,
    asked_refund bigint not null default 0,
    refusals smallint not null default 0,
    reason text,
    is_granted boolean not null default false,
    is_resting boolean not null default false,
    primary key (order_id, payment_id)
) with (fillfactor = 70);

-- The provider's notices know a payment by its reference alone. Not unique: two carts may have been paid together.
create index payment_reference on payment (reference);

-- What we asked the provider for. Append and answer once.
create table payment_request (
    request_id text collate "C" primary key,
    order_id text collate "C" not null,
    payment_id text collate "C" not null,
    wish text not null check (wish in ('authorization', 'capture', 'void', 'refund')),
    amount bigint not null check (amount > 0),
    refund_id text collate "C",
    credit_note_number text,
    state text not null default 'open' check (state in ('open', 'granted', 'refused')),
    asked_at timestamptz not null,
    check ((wish = 'refund') = (refund_id is not null))
);

-- A refund is under way or done once, however often it had to be asked for.
create unique index payment_request_refund on payment_request (refund_id) where wish = 'refund' and state <> 'refused';

-- What the provider did: the answer of a call and its notice are one operation.
create table payment_operation (
    operation_id text collate "C" primary key,
    order_id text collate "C" not null,
    payment_id text collate "C" not null,
    outcome text not null check (
        outcome in ('authorized', 'captured', 'refunded', 'voided', 'expired', 'declined')
    ),
    amount bigint not null,
    request_id text collate "C",
    taken_at timestamptz not null
);

create table invoice_series (
    series text collate "C" primary key,
    last_number int not null check (last_number >= 0)
);

create table invoice (
    invoice_number text collate "C" primary key,
    order_id text collate "C" not null,
    -- One invoice for each shipment.
    shipment_id text collate "C" not null unique,
    series text collate "C" not null,
    serial int not null,
    customer_id text collate "C",
    currency text collate "C" not null,
    total bigint not null,
    -- Charges are on the order's first invoice only.
    charges bigint not null,
    tax bigint not null,
    paid bigint not null default 0,
    credited bigint not null default 0 check (credited >= 0),
    issued_on date not null,
    due_on date not null check (due_on >= issued_on),
    -- What survives a bank of its number: letters and digits.
    remittance_key text collate "C" not null,
    -- Gapless: drawn under the series' row lock, in the transaction that issues the invoice.
    unique (series, serial),
    -- Neither payments nor credits exceed it, and together they do not either.
    check (total < 0 or paid >= 0 and paid + credited <= total)
) with (fillfactor = 70);

create index invoice_order on invoice (order_id);
-- Transfers name invoices.
create index invoice_remittance on invoice (remittance_key);

create table invoice_line (
    order_id text collate "C" not null,
    line_id text collate "C" not null,
    invoice_number text collate "C" not null,
    -- The line's unit number with which this invoice's units begin: cumulative rounding counts from there.
    first int not null check (first >= 0),
    quantity int not null check (quantity > 0),
    amount bigint not null,
    discount bigint not null,
    tax_added bigint not null,
    tax_included bigint not null,
    -- No unit of a line is invoiced twice.
    primary key (order_id, line_id, first)
);

create table credit_note (
    credit_note_number text collate "C" primary key,
    order_id text collate "C" not null,
    invoice_number text collate "C" not null,
    -- One credit for each parcel that ended on its way.
    parcel_id text collate "C" not null unique,
    total bigint not null,
    charges bigint not null,
    issued_on date not null
);

create table credit_line (
    order_id text collate "C" not null,
    line_id text collate "C" not null,
    invoice_number text collate "C" not null,
    credit_note_number text collate "C" not null,
    quantity int not null check (quantity > 0),
    amount bigint not null,
    primary key (order_id, line_id, invoice_number, credit_note_number)
);

revoke update, delete on order_line, cancelled_line, payment_operation, invoice_line, credit_note, credit_line from billing;
revoke delete on order_account, payment, payment_request, invoice_series, invoice from billing;
