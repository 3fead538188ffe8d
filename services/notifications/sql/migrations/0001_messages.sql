-- What notifications keeps: whom to tell, and what they were told.

create table customer_order (
    order_id text collate "C" primary key,
    number text not null -- as the customer knows it
);

-- Personal data, gone with the order's tombstone.
create table contact (
    order_id text collate "C" primary key,
    version integer not null,
    name text not null default '',
    email text,
    language text not null default 'en',
    erased boolean not null default false, -- the row stays, so that a late copy brings nothing back
    check (not erased or (name = '' and email is null))
);

-- One message per milestone and thing, however often the milestone is told.
create table message (
    order_id text collate "C" not null,
    milestone text collate "C" not null,
    about text collate "C" not null,
    outcome text, -- null: on its way; sent, or why it will not be
    primary key (order_id, milestone, about)
) with (fillfactor = 90);
