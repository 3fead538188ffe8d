-- What orders want, and what they hold.
--
-- No foreign keys among these: each would look up and lock a row of the other table for every row that an order writes,
-- and rows are only written here together or after one another by the same code. `ordermill check` compares them.

create table demand (
    order_id    text collate "C" primary key,
    stock_owner text collate "C" not null,
    received_at timestamptz not null,
    released    boolean not null default false,
    version     integer not null,
    -- How it was sourced when it was promised (store/choices.py); null where that no longer holds.
    choice      text,
    -- Numbers given out so far: shipments and purchases are named after the order.
    shipments   integer not null default 0,
    purchases   integer not null default 0
) with (fillfactor = 70);

create table demand_line (
    order_id      text collate "C" not null,
    line_id       text collate "C" not null,
    line_number   integer not null,
    ship_group_id text collate "C" not null,
    sku           text collate "C" not null,
    weight_g      integer not null,
    country       text collate "C" not null,
    postcode      text collate "C" not null,
    service       text collate "C",
    wanted_on     date,
    primary key (order_id, line_id)
);

-- Units in no shipment: reserved in a bin, or waiting for goods where there is no bin.
create table claim (
    claim_id          bigint generated always as identity primary key,
    order_id          text collate "C" not null,
    line_id           text collate "C" not null,
    sku               text collate "C" not null,
    stock_owner       text collate "C" not null,
    location_id       text collate "C",
    bin               text collate "C",
    quantity          integer not null check (quantity > 0),
    ship_by           timestamptz not null,
    deliver_by        date not null,
    purchase_order_id text collate "C",
    constraint a_reservation_has_a_bin check ((location_id is null) = (bin is null))
);
create index claim_by_order on claim (order_id);
-- Oldest promise first when goods come; only what waits is in it, so that reserving costs nothing here.
create index claim_waiting on claim (sku, stock_owner, deliver_by) where location_id is null;
-- A supplier who slips moves what waits for him.
create index claim_by_purchase on claim (purchase_order_id) where purchase_order_id is not null;

-- Units in a shipment, by the bin they come from.
create table allocation (
    order_id    text collate "C" not null,
    shipment    integer not null,
    line_id     text collate "C" not null,
    location_id text collate "C" not null,
    bin         text collate "C" not null,
    quantity    integer not null check (quantity >= 0),
    picked      integer not null default 0,
    dispatched  integer not null default 0 check (dispatched >= 0),
    -- Asked back and not answered yet: never sourced again.
    recalled    integer not null default 0 check (recalled >= 0),
    -- Not found by a pick while an ask was open.
    short       integer not null default 0 check (short >= 0),
    cost        bigint not null default 0,
    ship_by     timestamptz not null,
    deliver_by  date not null,
    primary key (order_id, shipment, line_id, bin),
    constraint what_left_was_picked check (dispatched <= picked and picked <= quantity),
    constraint what_left_is_not_recalled check (dispatched + recalled <= quantity)
) with (fillfactor = 80);

-- Asks that were answered or passed on here; an order_cancelled that names one has nothing left to free.
create table ask (
    ask_id   text collate "C" primary key,
    order_id text collate "C" not null,
    purpose  text collate "C" not null check (purpose in ('cancel', 'change', 'hold'))
);
