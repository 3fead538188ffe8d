-- The work of one order is written only in the order's own lane, so rows need no locks of their own.

-- Who gets the goods: read only when a packing slip is rendered, so the contacts stay one document.
create table contact (
    order_id text collate "C" primary key,
    version integer not null,
    contacts jsonb -- null: erased, which is not the same as unknown: a late copy must not bring them back
);

create table shipment (
    shipment_id text collate "C" primary key,
    order_id text collate "C" not null,
    location_id text collate "C" not null,
    ship_group_id text collate "C" not null,
    order_version integer not null, -- as which inventory allocated it
    state text collate "C" not null default 'released' check (state in ('released', 'packed', 'closed')),
    parcels_made integer not null default 0 check (parcels_made >= 0),
    released_at timestamptz not null
) with (fillfactor = 80); -- most rows change twice: a parcel, and the end

-- The many rows below name their shipment without a foreign key: the transaction that inserts them inserts or reads the
-- shipment, no row of it is ever deleted, and the check costs more than the insert (10 to 40 µs a row).

-- Units of one line in one bin. Every picked or released unit is counted here, so a row is updated once a scan.
create table pick (
    shipment_id text collate "C" not null,
    number integer not null,
    line_id text collate "C" not null,
    sku text collate "C" not null,
    bin text collate "C" not null,
    quantity integer not null check (quantity > 0),
    picked integer not null default 0 check (picked >= 0),
    short integer not null default 0 check (short >= 0),
    released integer not null default 0 check (released >= 0),
    short_released integer not null default 0,
    primary key (shipment_id, number),
    -- A unit is open, picked, short or released, and never two of them.
    check (picked + short + released <= quantity),
    -- A short unit answers one recall.
    check (short_released between 0 and short)
) with (fillfactor = 45); -- room on the page for every row's one update: no index is touched again

-- Serial numbers of shipping containers. A sequence never goes back, not even when a transaction does: no number is
-- ever used again (GS1 asks for at least a year).
create sequence sscc_serial as bigint minvalue 0 start 1 no cycle;

create table parcel (
    shipment_id text collate "C" not null,
    number integer not null check (number > 0),
    sscc text collate "C" not null unique check (sscc ~ '^[0-9]{18}$'),
    carton_id text collate "C" not null,
    length_mm integer not null,
    width_mm integer not null,
    height_mm integer not null,
    weight_g bigint not null check (weight_g >= 0),
    dunnage_ml bigint not null check (dunnage_ml >= 0),
    primary key (shipment_id, number)
);

create table parcel_line (
    shipment_id text collate "C" not null,
    number integer not null,
    line_id text collate "C" not null,
    quantity integer not null check (quantity >= 0), -- zero: taken out again by a recall
    primary key (shipment_id, number, line_id)
);
