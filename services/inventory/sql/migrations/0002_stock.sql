-- What lies where. A row is one item of one owner in one bin; it equals the sum of its movements.

create table stock (
    sku         text collate "C" not null,
    stock_owner text collate "C" not null,
    location_id text collate "C" not null,
    bin         text collate "C" not null,
    on_hand     integer not null default 0 check (on_hand >= 0),
    picked      integer not null default 0,
    reserved    integer not null default 0,
    -- Held units that a count did not find: the floor's word stands, and the picks of them will come up short.
    missing     integer not null default 0 check (missing >= 0),
    blocked     boolean not null default false,
    version     bigint not null default 1,
    primary key (sku, stock_owner, location_id, bin),
    constraint picked_units_are_here check (picked between 0 and on_hand),
    -- Never oversold: this holds whatever the code does, and also without the lock that lets one turn decide at a time.
    constraint reserved_units_are_here check (reserved between 0 and on_hand + missing)
) with (fillfactor = 70);  -- updated in place: no index holds a column that changes

-- The journal: only ever added to. Sums by kind make a row of `stock`: see core/stock.py, EFFECTS.
create table movement (
    movement_id bigint generated always as identity primary key,
    sku         text collate "C" not null,
    stock_owner text collate "C" not null,
    location_id text collate "C" not null,
    bin         text collate "C" not null,
    kind        text collate "C" not null check (
        kind in ('received', 'reserved', 'released', 'picked', 'unpicked', 'dispatched', 'adjusted', 'returned')
    ),
    quantity    integer not null check (quantity <> 0),
    value       bigint,
    cause       text collate "C" not null,
    moved_at    timestamptz not null,
    -- What changes what we own has a value, what only changes who holds it has none.
    constraint owned_units_have_a_value check ((value is null) = (kind in ('reserved', 'released', 'picked', 'unpicked')))
);

-- Units and value of an item at all locations: the moving average (core/valuation.py).
create table valuation (
    sku         text collate "C" not null,
    stock_owner text collate "C" not null,
    quantity    bigint not null check (quantity >= 0),
    value       bigint not null check (value >= 0),
    primary key (sku, stock_owner),
    constraint nothing_is_worth_nothing check (quantity > 0 or value = 0)
) with (fillfactor = 70);
