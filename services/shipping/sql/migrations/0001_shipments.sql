-- What shipping keeps. One lane works an order at a time, so rows of one order are never written by two at once.

-- Where goods leave, valid from a day on: a future address must not erase today's.
create table location (
    location_id text collate "C" not null,
    effective_from date not null,
    recorded_at timestamptz not null,
    document jsonb not null,
    primary key (location_id, effective_from)
);

create table rate_card (
    carrier text collate "C" not null,
    service text collate "C" not null,
    effective_from date not null,
    recorded_at timestamptz not null,
    mode text not null check (mode in ('parcel', 'freight')),
    document jsonb not null,
    primary key (carrier, service, effective_from)
);

-- Personal data: names and addresses of an order, gone with its tombstone.
create table contact (
    order_id text collate "C" primary key,
    version integer not null,
    contacts jsonb -- null: erased; the row stays, so that a late copy brings nothing back
);

-- Orders whose address was corrected: no label before contacts of at least this version are here.
create table address_change (
    order_id text collate "C" primary key,
    version integer not null
);

create table shipment (
    shipment_id text collate "C" primary key,
    order_id text collate "C" not null,
    location_id text collate "C" not null,
    ship_group_id text not null,
    currency text not null,
    deliver_by date,
    lines jsonb not null -- units by line id, as allocated
) with (fillfactor = 90);
create index shipment_order on shipment (order_id); -- a changed promise or address concerns an order's shipments

create table parcel (
    parcel_id text collate "C" primary key,
    shipment_id text collate "C" not null,
    order_version integer not null,
    sscc text not null,
    weight_g integer not null,
    length_mm integer not null,
    width_mm integer not null,
    height_mm integer not null,
    lines jsonb not null, -- units by line id, as packed
    recalled_by text, -- the ask that took it back
    milestone text not null default 'announced' check (
        milestone in ('announced', 'accepted', 'moving', 'out', 'delivered', 'returned', 'lost', 'destroyed')
    ),
    exception text,
    reported_at timestamptz,
    -- What has ended has no open question.
    check (milestone in ('announced', 'accepted', 'moving', 'out') or exception is null)
) with (fillfactor = 70);
create index parcel_shipment on parcel (shipment_id); -- dispatch and recall take a shipment's parcels

create sequence tracking_serial;

create table label (
    tracking_number text collate "C" not null,
    carrier_key text collate "C" not null, -- the carrier's name in one spelling: a number is unique within its carrier
    parcel_id text collate "C" not null references parcel,
    carrier text not null,
    service text not null,
    cost bigint not null check (cost >= 0),
    currency text not null,
    deliver_by date not null,
    voided boolean not null default false,
    primary key (tracking_number, carrier_key)
) with (fillfactor = 90);
-- A parcel has one good label: two would be two parcels to the carrier.
create unique index label_good on label (parcel_id) where not voided;

create table dispatch (
    shipment_id text collate "C" primary key references shipment, -- a shipment leaves once
    manifest_id text collate "C" not null,
    dispatched_at timestamptz not null
);

-- Every report as it came, in our words beside the carrier's code; what it changed is its verdict.
create table tracking_report (
    parcel_id text collate "C" not null,
    occurred_at timestamptz not null,
    code text not null,
    milestone text,
    exception text,
    verdict text not null,
    place text
);
revoke update, delete on tracking_report from shipping;
create index tracking_report_parcel on tracking_report (parcel_id); -- a parcel's history

-- Codes that nobody has given a meaning yet: the first of each alarms, the rest is counted in tracking_report.
create table unknown_code (
    carrier_key text collate "C" not null,
    code text collate "C" not null,
    first_seen_at timestamptz not null,
    primary key (carrier_key, code)
);
