-- Customers on account, and money that comes from the bank.

create table customer_terms (
    customer_id text collate "C" primary key,
    currency text collate "C" not null,
    days_net int not null check (days_net >= 0),
    credit_limit bigint not null,
    -- The newest record in force; a later record waits as a timer until its day.
    effective_from date not null,
    recorded_at timestamptz not null
) with (fillfactor = 70);

-- Apart from the terms: orders come before them, and it changes with every order.
create table customer_exposure (
    customer_id text collate "C" not null,
    currency text collate "C" not null,
    exposure bigint not null check (exposure >= 0),
    primary key (customer_id, currency)
) with (fillfactor = 50);

create table transfer (
    bank_reference text collate "C" primary key,
    amount bigint not null,
    currency text collate "C" not null,
    value_date date not null,
    state text not null check (state in ('matched', 'suspense'))
);

-- What an unmatched transfer's text may name; gone once it is matched. An order or invoice that comes later looks here.
create table suspense_key (
    remittance_key text collate "C" not null,
    bank_reference text collate "C" not null,
    primary key (remittance_key, bank_reference)
);

-- The cost of dispatched lines, for what comes back; a return may be heard before the cost.
create table shipped_cost (
    shipment_id text collate "C" not null,
    line_id text collate "C" not null,
    quantity int not null,
    cost bigint not null,
    currency text collate "C" not null,
    primary key (shipment_id, line_id)
);

revoke update, delete on shipped_cost from billing;
revoke delete on customer_terms, customer_exposure, transfer from billing;
