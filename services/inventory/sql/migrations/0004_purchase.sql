-- What was ordered from suppliers.

create table purchase (
    purchase_order_id text collate "C" primary key,
    supplier_id       text collate "C" not null,
    stock_owner       text collate "C" not null,
    location_id       text collate "C" not null,
    currency          text not null,
    wanted_on         date not null,
    attempt           integer not null,
    reorders          integer not null default 0
);

create table purchase_line (
    purchase_order_id text collate "C" not null references purchase,
    line_id           text collate "C" not null,
    sku               text collate "C" not null,
    -- 0: came unasked.
    ordered           integer not null check (ordered >= 0),
    received          integer not null default 0 check (received >= 0),
    refused           integer not null default 0 check (refused >= 0),
    cost              bigint not null,
    expected_on       date,
    primary key (purchase_order_id, line_id)
);
-- What is still to come of an item, when a delivery or a refusal leaves somebody without.
create index purchase_line_coming on purchase_line (sku) where ordered > received + refused;
