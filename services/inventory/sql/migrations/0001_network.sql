-- Reference data: items, locations and carriers' tariffs, each valid from a day on. The newest record of a key is kept.

create table item (
    sku             text collate "C" not null,
    stock_owner     text collate "C" not null,
    effective_from  date not null,
    recorded_at     timestamptz not null,
    weight_g        integer not null,
    cost            bigint not null,
    currency        text not null,
    supplier_id     text collate "C",
    lead_time_days  integer not null,
    each_per_case   integer,
    each_per_pallet integer,
    primary key (sku, effective_from)
);

-- Few rows, read as a whole by every turn that sources; `document` is the event's body as it came.
create table network (
    kind            text collate "C" not null check (kind in ('location', 'rate_card')),
    id              text collate "C" not null,
    effective_from  date not null,
    recorded_at     timestamptz not null,
    document        text not null,
    primary key (kind, id, effective_from)
);
