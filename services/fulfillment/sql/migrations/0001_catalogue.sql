-- What operators define. Each record holds from a day on, so that a future one does not erase today's;
-- the newest recorded one of a day counts, however late an older copy arrives.

create table item (
    sku text collate "C" not null,
    effective_from date not null,
    recorded_at timestamptz not null,
    name text not null,
    weight_g bigint not null check (weight_g >= 0),
    -- A side of nothing would fit everywhere without end.
    length_mm integer not null check (length_mm > 0),
    width_mm integer not null check (width_mm > 0),
    height_mm integer not null check (height_mm > 0),
    each_per_case integer check (each_per_case > 0),
    each_per_pallet integer check (each_per_pallet > 0),
    primary key (sku, effective_from)
);

create table location (
    location_id text collate "C" not null,
    effective_from date not null,
    recorded_at timestamptz not null,
    primary key (location_id, effective_from)
);

-- Where operators numbered their bins. A bin that is not here is still a bin: its name tells where it is.
create table bin (
    location_id text collate "C" not null,
    effective_from date not null,
    bin text collate "C" not null,
    sequence integer not null,
    primary key (location_id, effective_from, bin),
    foreign key (location_id, effective_from) references location
);

create table carton (
    carton_id text collate "C" not null,
    effective_from date not null,
    recorded_at timestamptz not null,
    length_mm integer not null check (length_mm > 0),
    width_mm integer not null check (width_mm > 0),
    height_mm integer not null check (height_mm > 0),
    tare_g integer not null check (tare_g >= 0),
    weight_g_max integer not null check (weight_g_max >= 0),
    cost bigint not null,
    primary key (carton_id, effective_from)
);
