-- One canonical order per channel order, its lines by quantity, its holds, and the wishes to cancel some of it.
-- What was placed travels on intake-orders and is not kept twice; states and moves: core/lifecycle.py.

create table placed_order (
    order_id text collate "C" primary key, -- derived from channel and channel_order_id: one order per channel order
    channel text not null,
    channel_order_id text not null,
    state text not null check (state in ('received', 'held', 'released', 'completed', 'cancelled', 'rejected')),
    funds text not null check (funds in ('pending', 'secured', 'lost')),
    is_promised boolean not null,
    was_released boolean not null,
    version integer not null check (version > 0), -- counts what was changed about the order
    priority smallint not null,
    holds_made smallint not null check (holds_made >= 0),
    asks_made integer not null check (asks_made >= 0),
    check (state not in ('released', 'completed') or was_released),
    check (state <> 'held' or holds_made > 0)
) with (fillfactor = 50); -- a batch updates neighbours together: room for a second version of each, in place

-- Units of a line by what became of them.  What carriers and the floor report is a fact and fails no check.
create table order_line (
    order_id text collate "C" not null references placed_order,
    line_id text collate "C" not null,
    ordered integer not null check (ordered > 0),
    cancelled integer not null default 0 check (cancelled between 0 and ordered),
    dispatched integer not null default 0,
    delivered integer not null default 0,
    ended integer not null default 0, -- on parcels lost, returned or destroyed
    settled integer not null default 0, -- invoiced and paid
    primary key (order_id, line_id)
) with (fillfactor = 50); -- the same

create table hold (
    order_id text collate "C" not null references placed_order,
    number smallint not null,
    reason text not null,
    ship_group_id text not null, -- of an address hold; else empty
    lifted_by text, -- null: it stands
    primary key (order_id, number)
);

-- A wish to cancel.  Answered once, when every unit asked for has been released or refused by who holds it.
create table ask (
    ask_id text collate "C" primary key,
    order_id text collate "C" not null references placed_order,
    message_id text not null, -- the sender's
    reason text not null,
    asked_by text not null,
    is_answered boolean not null
);
create index ask_open on ask (order_id) where not is_answered; -- another wish must not ask for the same units

create table ask_line (
    ask_id text collate "C" not null references ask,
    line_id text collate "C" not null, -- as wished: maybe no line of the order
    wanted integer not null,
    asked integer not null,
    released integer not null default 0,
    refused integer not null default 0,
    primary key (ask_id, line_id),
    check (released + refused <= asked and asked <= wanted)
);

-- A wish that overtook its order on their common topic, where it cannot wait for it: taken up when the order comes.
create table early_wish (
    position bigint generated always as identity primary key,
    order_id text collate "C" not null, -- of no order yet
    message_id text not null,
    reason text not null,
    lines jsonb not null -- [[line id, quantity], …]
);
create index early_wish_order on early_wish (order_id); -- looked for with every new order

-- Whom an order concerns, as last told on intake-contacts: personal data, deleted on erasure.
create table contact (
    order_id text collate "C" primary key references placed_order,
    contacts jsonb not null
);
