-- The read model: what was heard on the topics, in the shape in which pages ask for it.  Nothing here is the truth of
-- anything; all of it can be replayed.  Rows come in any order across topics, so nothing refers to anything by
-- constraint, and every column that another topic tells may be null.

-- How far each log was read: written in the transaction that applies what was read.
create table projected (
    topic text not null,
    lane smallint not null,
    next bigint not null,
    at timestamptz not null, -- the log's time of the newest record read
    primary key (topic, lane)
) with (fillfactor = 50);

-- Records that nobody can read, or that fail alone.
create table unreadable (
    topic text not null,
    lane smallint not null,
    position bigint not null,
    key text not null,
    type text not null,
    error text not null,
    at timestamptz not null,
    primary key (topic, lane, position)
);

-- Names of topics and event types, each once: pointers hold their numbers.
create table wire_name (
    id smallint generated always as identity primary key,
    name text not null unique
);

-- Where every record lies: time lines and what is parked behind a dead letter are read from here, bodies from the log.
create table pointer (
    at timestamptz not null,
    topic smallint not null,
    lane smallint not null,
    position bigint not null,
    key text collate "C" not null,
    type smallint not null,
    event_id uuid not null, -- a name of the id where it is no UUID
    cause_id uuid
) partition by range (at);
create index pointer_key on pointer (key, at);
create table pointer_rest partition of pointer default;

-- Records by type and ten seconds of the log's time: rates.
create table pace (
    bucket timestamptz not null,
    type smallint not null,
    topic smallint not null,
    records bigint not null,
    primary key (bucket, type, topic)
);

-- --- orders ---------------------------------------------------------------------------------------------------------

create table placed_order (
    order_id text collate "C" primary key,
    channel text,
    channel_order_id text collate "C",
    customer_id text collate "C",
    seller text,
    country text,
    currency text,
    total bigint not null default 0,
    units integer not null default 0,
    placed_at timestamptz,
    received_at timestamptz,
    rejected_at timestamptz,
    released_at timestamptz, -- first
    completed_at timestamptz,
    -- billing's word, the newest
    funds text,
    funds_reason text,
    funds_revision integer not null default 0,
    settled_at timestamptz, -- last: each time all that was invoiced by then is paid
    -- the first promise counts for punctuality, the newest for what is at risk
    promised_at timestamptz,
    first_ship_by timestamptz,
    first_deliver_by date,
    ship_by timestamptz,
    deliver_by date,
    promise_revision integer not null default 0,
    lines_promised integer,
    lines_available integer,
    units_promised integer,
    units_available integer,
    -- derived from the tables below whenever one of them changes
    stage text not null default 'received', -- what it waits for, or how it ended: core/stages.py
    since timestamptz, -- in that stage
    is_tallied boolean not null default false,
    holds text[] not null default '{}',
    units_cancelled integer not null default 0,
    units_allocated integer not null default 0,
    units_packed integer not null default 0,
    units_dispatched integer not null default 0,
    units_delivered integer not null default 0,
    units_lost integer not null default 0,
    value_cancelled bigint not null default 0,
    goods_cost bigint not null default 0,
    label_cost bigint not null default 0,
    packaging_cost bigint not null default 0,
    packed_at timestamptz, -- all of it
    shipped_at timestamptz, -- all of it
    delivered_at timestamptz, -- all of it
    ended_at timestamptz, -- delivered or lost, all of it
    incidents text[] not null default '{}'
) with (fillfactor = 70);
create index placed_order_placed on placed_order (placed_at, order_id);
create index placed_order_stage on placed_order (stage, placed_at, order_id);
create index placed_order_waiting on placed_order (stage, since) where stage not in ('completed', 'cancelled', 'rejected');
create index placed_order_number on placed_order (channel_order_id);
create index placed_order_customer on placed_order (customer_id, placed_at, order_id);
create index placed_order_total on placed_order (total, order_id);
create index placed_order_due on placed_order (first_ship_by);
create index placed_order_risk on placed_order (ship_by, order_id)
where stage in ('received', 'released', 'allocated', 'packed');
create index placed_order_arriving on placed_order (deliver_by, order_id) where stage = 'dispatched';
create index placed_order_shipped on placed_order (shipped_at);
create index placed_order_delivered on placed_order (delivered_at);
create index placed_order_ended on placed_order (ended_at);

-- How many orders are in each stage, kept with every change: counting a million takes too long for a live page.
create table stage_tally (
    stage text primary key,
    orders bigint not null
) with (fillfactor = 50);

create table order_line (
    order_id text collate "C" not null,
    line_id text collate "C" not null,
    sku text collate "C" not null,
    description text,
    quantity integer not null,
    amount bigint not null, -- as placed
    value bigint not null, -- less discounts, with all taxes: what the buyer pays for it
    is_open boolean not null default true, -- until its order ends
    primary key (order_id, line_id)
);
create index order_line_sku on order_line (sku, order_id) where is_open;

create table hold (
    hold_id text collate "C" primary key,
    order_id text collate "C" not null,
    reason text not null,
    text text,
    held_by text,
    held_at timestamptz,
    lifted_by text,
    lifted_at timestamptz
);
create index hold_order on hold (order_id);

create table cancellation (
    ask_id text collate "C" primary key,
    order_id text collate "C" not null,
    asked_at timestamptz,
    purpose text,
    reason text,
    actor text,
    cancelled_at timestamptz,
    lines jsonb, -- cancelled
    too_late jsonb
);
create index cancellation_order on cancellation (order_id);

-- Every promise made to a buyer, by the revision that told it.
create table promise (
    order_id text collate "C" not null,
    revision integer not null,
    promised_at timestamptz not null,
    cause text, -- null: the first
    lines jsonb not null,
    primary key (order_id, revision)
);

create table sourcing (
    allocation_id text collate "C" primary key,
    order_id text collate "C" not null,
    allocated_at timestamptz not null,
    currency text not null,
    plan jsonb not null,
    lost_plans jsonb not null
);
create index sourcing_order on sourcing (order_id);

create table backorder (
    order_id text collate "C" not null,
    line_id text collate "C" not null,
    sku text collate "C" not null,
    quantity integer not null,
    purchase_order_id text collate "C",
    expected_on date,
    since timestamptz not null,
    revision integer not null,
    waiting integer not null, -- units that are still not allocated
    primary key (order_id, line_id)
);
create index backorder_waiting on backorder (sku, expected_on) where waiting > 0;
create index backorder_expected on backorder (coalesce(expected_on, date '9999-12-31'), (order_id || '/' || line_id))
where waiting > 0;
create index backorder_purchase on backorder (purchase_order_id);

create table shipment (
    shipment_id text collate "C" primary key,
    order_id text collate "C" not null,
    location_id text,
    ship_group_id text,
    service text,
    allocated_at timestamptz,
    ship_by timestamptz,
    deliver_by date,
    units integer not null default 0,
    lines jsonb, -- allocated, as its event told them
    released_at timestamptz, -- to the floor
    packed_at timestamptz,
    manifest_id text,
    dispatched_at timestamptz,
    goods_cost bigint,
    cost_currency text
);
create index shipment_order on shipment (order_id);

-- The floor's work for a shipment: its id is the key under which scans speak.
create table work (
    work_id text collate "C" primary key,
    order_id text collate "C" not null,
    shipment_id text collate "C" not null,
    wave_id text,
    released_at timestamptz not null
);
create index work_order on work (order_id);

create table short_pick (
    pick_id text collate "C" primary key,
    order_id text collate "C" not null,
    shipment_id text collate "C" not null,
    line_id text collate "C" not null,
    sku text collate "C" not null,
    bin text not null,
    expected integer not null,
    found integer not null,
    at timestamptz not null
);
create index short_pick_order on short_pick (order_id);

create table parcel (
    parcel_id text collate "C" primary key,
    order_id text collate "C" not null,
    shipment_id text collate "C" not null,
    sscc text,
    carton_id text,
    weight_g integer,
    units integer,
    lines jsonb,
    packed_at timestamptz,
    carrier text,
    service text,
    tracking_number text collate "C",
    label_cost bigint,
    label_currency text,
    lost_quotes jsonb,
    labelled_at timestamptz,
    voided_at timestamptz,
    dispatched_at timestamptz,
    status text, -- the newest word of shipping
    place text,
    estimate date,
    exception text, -- the last one told, if any
    status_at timestamptz,
    status_revision integer not null default 0,
    delivered_at timestamptz,
    closed_at timestamptz,
    outcome text -- delivered, lost, returned, destroyed
);
create index parcel_order on parcel (order_id);
create index parcel_tracking on parcel (tracking_number);
create index parcel_dispatched on parcel (dispatched_at);

create table message (
    message_id text collate "C" primary key,
    order_id text collate "C" not null,
    milestone text not null,
    about text not null,
    medium text not null,
    template text not null,
    sent_at timestamptz,
    failed_at timestamptz,
    reason text
);
create index message_order on message (order_id);

-- --- stock ------------------------------------------------------------------------------------------------------------

create table item (
    sku text collate "C" primary key,
    name text not null,
    stock_owner text not null,
    price bigint not null,
    cost bigint not null,
    currency text not null,
    supplier_id text,
    recorded_at timestamptz not null
);

create table location (
    location_id text collate "C" primary key,
    kind text not null,
    city text not null,
    country text not null,
    recorded_at timestamptz not null
);

create table carton (
    carton_id text collate "C" primary key,
    cost bigint not null,
    currency text not null,
    recorded_at timestamptz not null
);

create table stock_level (
    sku text collate "C" not null,
    location_id text collate "C" not null,
    stock_owner text not null,
    on_hand bigint not null,
    available bigint not null,
    version bigint not null,
    moved_at timestamptz not null,
    primary key (sku, location_id, stock_owner)
) with (fillfactor = 50);
create index stock_level_location on stock_level (location_id, sku);

create table movement (
    at timestamptz not null,
    movement_id text collate "C" not null,
    sku text collate "C" not null,
    location_id text not null,
    stock_owner text not null,
    kind text not null,
    quantity bigint not null,
    bin text,
    lot text,
    unit_cost text,
    cause text not null,
    primary key (movement_id, at)
) partition by range (at);
create index movement_sku on movement (sku, at);
create table movement_rest partition of movement default;

create table purchase (
    purchase_order_id text collate "C" primary key,
    supplier_id text,
    location_id text,
    currency text,
    ordered_at timestamptz,
    wanted_on date,
    lines jsonb,
    cost bigint,
    answer text, -- confirmed, refused, delayed: the supplier's newest word
    answered_at timestamptz,
    expected_on date,
    received_at timestamptz -- last receipt
);

create table receipt (
    purchase_order_id text collate "C" not null,
    revision integer not null,
    receipt_id text not null,
    received_at timestamptz not null,
    lines jsonb not null,
    cost bigint not null,
    primary key (purchase_order_id, revision)
);

-- --- money ------------------------------------------------------------------------------------------------------------

create table invoice (
    invoice_number text collate "C" primary key,
    order_id text collate "C" not null,
    customer_id text collate "C",
    seller text,
    shipment_id text,
    issued_at timestamptz,
    issued_on date,
    due_on date,
    currency text,
    total bigint,
    tax bigint,
    deposits_applied bigint,
    opening bigint, -- open when it was issued
    revision integer, -- that told it
    open bigint not null default 0, -- derived from what happened to it since
    paid_at timestamptz -- when it was open no more
) with (fillfactor = 70);
create index invoice_order on invoice (order_id);
create index invoice_issued on invoice (issued_at, invoice_number);
create index invoice_open on invoice (customer_id, due_on, invoice_number) where open > 0;
create index invoice_due on invoice (due_on, invoice_number) where open > 0;
create index invoice_customer on invoice (customer_id, issued_at, invoice_number);

-- What happened to an order's money, by billing's own revisions.
create table money_event (
    order_id text collate "C" not null,
    revision integer not null,
    at timestamptz not null,
    kind text not null, -- secured, lost, requested, invoiced, applied, credited, refunded …
    amount bigint not null,
    currency text not null,
    payment_id text,
    invoice_number text collate "C",
    open bigint, -- of the invoice, after a payment
    refund_id text collate "C",
    note text, -- credit note, request id, reason
    primary key (order_id, revision)
);
create index money_event_invoice on money_event (invoice_number) where invoice_number is not null;

create table refund (
    refund_id text collate "C" primary key,
    order_id text collate "C" not null,
    payment_id text,
    amount bigint not null,
    currency text not null,
    requested_at timestamptz,
    completed_at timestamptz,
    credit_note_number text
);
create index refund_order on refund (order_id);
create index refund_requested on refund (requested_at, refund_id);

-- --- dead letters and the auditor --------------------------------------------------------------------------------------

create table dead_letter (
    dead_letter_id text collate "C" primary key,
    service text not null,
    topic text not null,
    lane smallint,
    position bigint,
    key text collate "C" not null,
    message_type text,
    message_id text,
    reason text not null,
    error text not null,
    attempts integer not null,
    dead_at timestamptz not null,
    resolution text, -- null: it rests
    actor text,
    why text,
    resolved_at timestamptz,
    revision integer not null
);
create index dead_letter_resting on dead_letter (service, dead_at) where resolution is null;
create index dead_letter_key on dead_letter (key);

create table audit_report (
    taken_at timestamptz primary key,
    report jsonb not null
);

-- --- key figures -------------------------------------------------------------------------------------------------------

-- One row a figure, day and currency: sums, so that any window is a sum of days; percentiles are of the day.
create table figure (
    day date not null,
    name text not null,
    currency text not null, -- '' where it is no money
    numerator numeric not null,
    denominator bigint not null,
    p50 numeric,
    p90 numeric,
    p99 numeric,
    primary key (name, day, currency)
);

-- Days whose figures must be added up anew.
create table figure_due (
    day date primary key
);

-- Pointers and movements are kept by day and dropped whole when the topics have forgotten theirs.  The console's role may
-- make no tables, so the owner does it for it, and this alone.  A record of another day lies in the table's rest.
create function keep_days(place text, first date, last date) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    parent text;
    part text;
    day date;
begin
    if place not in ('console', 'console_next') then
        raise exception 'no read model is kept in %', place;
    end if;
    foreach parent in array array['pointer', 'movement'] loop
        for part in
            select child.relname from pg_inherits
            join pg_class as child on child.oid = inhrelid
            where inhparent = format('%I.%I', place, parent)::regclass
              and child.relname ~ (parent || '_\d{8}$') and right(child.relname, 8) < to_char(first, 'YYYYMMDD')
        loop
            execute format('drop table %I.%I', place, part);
        end loop;
        execute format('delete from %I.%I where at < %L', place, parent || '_rest', first at time zone 'UTC');
        for day in select generate_series(first, last, interval '1 day')::date loop
            part := parent || '_' || to_char(day, 'YYYYMMDD');
            if to_regclass(format('%I.%I', place, part)) is null then
                execute format(
                    'create table %I.%I partition of %I.%I for values from (%L) to (%L)', place, part, place, parent,
                    day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
            end if;
        end loop;
    end loop;
end $$;
revoke execute on function keep_days from public;
grant execute on function keep_days to console;
