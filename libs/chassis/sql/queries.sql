-- The loop's own statements.  Queues are visited in sorted order, so that two instances never wait for each other in a circle.
-- `later` and `call` are empty now and full a second later, and plans made for the one are kept for the other. Such a plan compares
-- every row of a join with every other: so what looks for many rows joins nothing, and only what changes rows by name (`keep_later`,
-- `decide`, `renew_calls`) is joined with what they become.

-- name: fence
-- Share-locks the epochs of the lanes held: a takeover waits for this transaction, and this one sees a takeover that came first.
-- Tells on the way whether anything waits for a name, and the number of this transaction's announcements: one owner's transactions
-- follow each other, so that the numbers are the order of commits within a lane.
select
    lane, epoch, (select exists (select from later where awaits is not null)) as waiting, (select nextval('outbox_batch')) as batch
from lease where lane = any(:lanes::smallint[]) order by lane for share;

-- name: decide_alone
-- One deciding transaction at a time per service (decisions that share rows across orders).
select pg_advisory_xact_lock(hashtext('decide:' || current_schema()));

-- name: hear
-- Sets the last revision heard, and returns the one before.
insert into heard (queue, revision)
select queue, revision from unnest(:queues::text[], :revisions::int[]) as batch (queue, revision) order by queue
on conflict (queue) do update set revision = greatest(heard.revision, excluded.revision)
returning queue, coalesce(old.revision, 0) as before;

-- name: remember_seen
-- Returns the identities that were new; the others are compared by `read_seen`.
insert into seen (identity, digest)
select identity, digest from unnest(:identities::text[], :digests::bytea[]) as batch (identity, digest)
order by identity
on conflict (identity) do nothing
returning identity;

-- name: read_seen
select identity, digest from seen where identity = any(:identities::text[]);

-- name: standing
select queue, min(id) as head, count(*)::int as number from later where queue = any(:queues::text[]) group by queue;

-- name: lock_later
select id from later where id = any(:ids::bigint[]) order by id for update;

-- name: due
-- Due rows and what stands behind them, the queues taking turns: a long one drains in few batches and starves no other.
-- Of each queue an unbroken piece, so that nothing is handled before what it stands behind.  Timers only up to the horizon.
with due as (
    select id, queue from later
    where lane = any(:lanes::smallint[]) and due <= :now::timestamptz and (not timer or due <= :horizon::timestamptz)
    order by due, id
    limit :room::int
), piece as (
    select queue, min(id) as first, :room::int / count(*) over () + 1 as room from due group by queue
), taken as (
    select l.id from piece
    cross join lateral (
        select later.id, row_number() over (order by later.id) as turn from later
        where later.queue = piece.queue and later.id >= piece.first
        order by later.id limit piece.room
    ) as l
    order by l.turn, l.id
    limit :room::int
)
select id, queue, lane, topic, key, subject, value, headers, tries, verdict, actor, why
from later where id = any(array(select id from taken)) order by id;

-- name: next_due
select min(due) as due from later where lane = any(:lanes::smallint[]) and due is not null;

-- name: append_later
insert into later (queue, lane, topic, key, subject, value, headers, reason, due, awaits, error, tries, timer, since)
select b.queue, b.lane, b.topic, b.key, b.subject, b.value, b.headers, b.reason, b.due, b.awaits, b.error, b.tries, b.timer, :now::timestamptz
from unnest(
    :queues::text[], :lanes::smallint[], :topics::text[], :keys::text[], :subjects::text[], :values::bytea[], :headers::text[],
    :reasons::text[], :dues::timestamptz[], :awaits::text[], :errors::text[], :tries::smallint[], :timers::boolean[]
) with ordinality as b (queue, lane, topic, key, subject, value, headers, reason, due, awaits, error, tries, timer, position)
order by b.position
returning id;

-- name: hold_notes
-- Whoever takes one of these waits for this transaction and then sees what it wrote.  One that is being taken is passed
-- over: its taker may have looked already.
select queue from later where queue = any(:queues::text[]) and reason = 'due' for share skip locked;

-- name: keep_later
update later set
    reason = b.reason, due = b.due, awaits = b.awaits, error = b.error, tries = b.tries,
    verdict = case when b.error is null then verdict end, actor = case when b.error is null then actor end
from unnest(
    :ids::bigint[], :reasons::text[], :dues::timestamptz[], :awaits::text[], :errors::text[], :tries::smallint[]
) as b (id, reason, due, awaits, error, tries)
where later.id = b.id;

-- name: delete_later
delete from later where id = any(:ids::bigint[]);

-- name: promote
-- What stood behind a head that is gone is the head now, and due.
update later set due = :now::timestamptz
where id = any(array(
    select (select min(head.id) from later as head where head.queue = gone.queue) from unnest(:queues::text[]) as gone (queue)
)) and due is null and reason = 'behind';

-- name: decide
-- An operator's decisions about rows that rest, of this lane or another.  One that another transaction holds is being
-- carried out: it was decided before, so that it is passed over and nobody waits for anybody.
with resting as materialized (
    select id, b.verdict, b.actor, b.why, b.value
    from unnest(:ids::bigint[], :verdicts::text[], :actors::text[], :whys::text[], :values::bytea[]) as b (id, verdict, actor, why, value)
    inner join later using (id)
    where later.reason = 'dead' and later.verdict is null
    for update of later skip locked
)
update later set
    due = :now::timestamptz, tries = 0, verdict = resting.verdict, actor = resting.actor, why = resting.why,
    value = coalesce(resting.value, later.value)
from resting where later.id = resting.id
returning later.id;

-- name: wake
-- A hint: two transactions can miss each other, then the backoff finds it.
update later set due = :now::timestamptz
where id = any(array(select id from later where awaits = any(:names::text[]) for update skip locked)) and due is not null
returning id;

-- name: draw_revisions
-- The last revision after adding this transaction's; the row's lock orders what is said about one subject.
insert into said (queue, revision)
select queue, number from unnest(:queues::text[], :numbers::int[]) as batch (queue, number) order by queue
on conflict (queue) do update set revision = said.revision + excluded.revision
returning queue, revision;

-- name: forget_outbox
delete from outbox where batch = any(:batches::bigint[]);

-- name: leftovers
-- What a former owner of these lanes announced and may not have published, in the order of its commits.
select batch, position, lane, topic, key, value, headers from outbox
where lane = any(:lanes::smallint[]) order by batch, position;

-- name: forget_leftovers
delete from outbox where (batch, position) in (select * from unnest(:batches::bigint[], :positions::int[]));

-- name: take_over
insert into lease (lane, epoch) select lane, 1 from unnest(:lanes::smallint[]) as batch (lane) order by lane
on conflict (lane) do update set epoch = lease.epoch + 1
returning lane, epoch;

-- name: bring_near
-- Rows and calls that wait longer than any wait were written by a clock that was set back since.
with near as (
    update later set due = :now::timestamptz
    where lane = any(:lanes::smallint[]) and due > :horizon::timestamptz and not timer
)
update call set due = :now::timestamptz where lane = any(:lanes::smallint[]) and due > :horizon::timestamptz;

-- name: count_messages
insert into tally (topic, lane, outcome, messages)
select topic, lane, outcome, messages
from unnest(:topics::text[], :lanes::smallint[], :outcomes::text[], :messages::bigint[]) as batch (topic, lane, outcome, messages)
order by topic, lane, outcome
on conflict (topic, lane, outcome) do update set messages = tally.messages + excluded.messages;

-- name: place_calls
insert into call (id, queue, lane, subject, type, body, trace, tries, due)
select b.id, b.queue, b.lane, b.subject, b.type, b.body, b.trace, b.tries, :now::timestamptz
from unnest(
    :ids::text[], :queues::text[], :lanes::smallint[], :subjects::text[], :types::text[], :bodies::bytea[], :traces::text[],
    :tries::int[]
) with ordinality as b (id, queue, lane, subject, type, body, trace, tries, position)
order by b.position;

-- name: claim_calls
-- The first of each queue, if it is due and nobody holds it; the claim expires by itself.  Materialized: a subquery of
-- the update could be run more than once, and claim more than there is room for.
with claimed as materialized (
    select id from call as first
    where due <= :now::timestamptz and type = any(:types::text[])
        and position = (select min(position) from call as any_of_it where any_of_it.queue = first.queue)
    order by due
    limit :room::int
    for update skip locked
)
update call set due = :until::timestamptz, tries = tries + 1
where id = any(array(select id from claimed))
returning call.id, queue, lane, subject, type, body, trace, tries;

-- name: renew_calls
update call set due = :until::timestamptz
from unnest(:ids::text[], :ends::timestamptz[]) as claim (id, due)
where call.id = claim.id and call.due = claim.due;

-- name: delete_calls
delete from call where id = any(:ids::text[]) returning id;

-- name: put_off_call
update call set due = :due::timestamptz, error = :error where id = :id;

-- name: outlook
-- For the metrics: how much is later and why, and since when; how much is unpublished.
select 'later' as what, reason as detail, count(*) as number, min(since) as oldest from later group by reason
union all
select 'outbox', '', count(*), null from outbox;
