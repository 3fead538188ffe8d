-- A movement is kept as its event told it: one row for all that moved of an item at one place in one transaction, instead
-- of two or three, under one key by which pages read it too.  Half of what the model held were these rows and their keys.

create table moved (
    sku text collate "C" not null,
    at timestamptz not null,
    revision integer not null, -- of the item's topic; negative where it was not kept
    event text not null, -- JSON; read when somebody looks, which few of a million rows ever are
    primary key (sku, at, revision)
) partition by range (at);
create table moved_rest partition of moved default;

insert into moved (sku, at, revision, event)
select sku, at, -row_number() over (partition by sku order by at, location_id, stock_owner), jsonb_build_object(
    'location_id', location_id, 'stock_owner', stock_owner, 'movements', jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'movement_id', movement_id, 'kind', kind, 'quantity', quantity, 'bin', bin, 'lot', lot, 'unit_cost', unit_cost,
        'cause', cause))))::text
from movement
group by sku, at, location_id, stock_owner;

drop table movement;
alter table moved rename to movement;
alter table moved_rest rename to movement_rest;
alter index moved_pkey rename to movement_pkey;
alter index moved_rest_pkey rename to movement_rest_pkey;
