-- What the loop keeps in every service's schema.  The rules behind each table: docs/architecture.md, "The loop".
-- A queue is 'topic/subject' (or 'topic>subject' once a message was brought to its home lane).

create table lease (
    lane smallint primary key,
    epoch bigint not null
);

-- The last revision heard and the last one said, by queue: deduplication, order and completeness in one number.
create table heard (
    queue text collate "C" primary key,
    revision integer not null check (revision > 0)
) with (fillfactor = 80);

create table said (
    queue text collate "C" primary key,
    revision integer not null check (revision > 0)
) with (fillfactor = 80);

-- Messages from outside carry no revision: their sender's id is remembered for ever, with a digest of the content.
create table seen (
    identity text collate "C" primary key,
    digest bytea not null
);

-- Announced, not yet known to be published.  A batch number is drawn per transaction, so (batch, position) is commit order within a lane.
create sequence outbox_batch;
create table outbox (
    batch bigint not null,
    position integer not null,
    lane smallint not null,
    topic text not null,
    key text not null,
    value bytea,
    headers text not null,
    primary key (batch, position)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- What cannot be handled now: too early, behind another, failed, dead; and what is due later: timers, answers, hand-overs.
create table later (
    id bigint generated always as identity primary key,
    queue text collate "C" not null,
    lane smallint not null,
    topic text not null,
    key text not null,
    subject text not null,
    value bytea,
    headers text not null,
    reason text not null check (reason in ('behind', 'early', 'failed', 'dead', 'due')),
    due timestamptz, -- null: stands behind its head, or rests until an operator decides
    awaits text collate "C",
    error text,
    tries smallint not null default 0,
    timer boolean not null default false, -- a timer does not overtake the backlog
    since timestamptz not null,
    verdict text check (verdict in ('retry', 'edit', 'discard')), -- an operator's decision, with who and why
    actor text,
    why text,
    check (reason <> 'early' or awaits is not null),
    check ((verdict is null) = (actor is null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create index later_queue on later (queue, id);
create index later_due on later (lane, due) where due is not null;
create index later_awaits on later (awaits) where awaits is not null;

-- Calls to the outside: claimed with an expiry, one in flight per queue, in order; the id is the idempotency key.
create table call (
    id text collate "C" primary key,
    position bigint generated always as identity,
    queue text collate "C" not null,
    lane smallint not null,
    subject text not null,
    type text not null,
    body bytea not null,
    trace text not null,
    tries integer not null default 0,
    due timestamptz not null,
    error text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create unique index call_order on call (queue, position);
create index call_due on call (due);

-- How many messages of each log were handled, dropped, set aside: compared with the logs' ends when drained.
create table tally (
    topic text not null,
    lane smallint not null,
    outcome text not null check (outcome in ('announced', 'handled', 'duplicate', 'ignored', 'later', 'dead')),
    messages bigint not null,
    primary key (topic, lane, outcome)
) with (fillfactor = 50);
