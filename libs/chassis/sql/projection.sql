-- What a projection keeps beside its model: how far each log was read, and what nobody could read.  The tables are part of
-- the model (a rebuild begins with none), so the service that projects makes them: see `services/console/sql/migrations`.

-- name: begin_logs
-- A row for each log from the start, so that there is always one to lock.
insert into projected (topic, lane, next, at)
select topic, lane, 0, 'epoch' from unnest(:topics::text[], :lanes::smallint[]) as log (topic, lane)
on conflict (topic, lane) do nothing;

-- name: positions
select topic, lane, next from projected;

-- name: lock_positions
-- In one order, whoever asks: a zombie and its heir wait for each other here, and neither applies what the other did.
select topic, lane, next from projected
join unnest(:topics::text[], :lanes::smallint[]) as log (topic, lane) using (topic, lane)
order by topic, lane
for update of projected;

-- name: move_positions
update projected set next = log.next, at = greatest(projected.at, log.at)
from unnest(:topics::text[], :lanes::smallint[], :nexts::bigint[], :ats::timestamptz[]) as log (topic, lane, next, at)
where projected.topic = log.topic and projected.lane = log.lane;

-- name: keep_unreadable
insert into unreadable (topic, lane, position, key, type, error, at)
select * from unnest(:topics::text[], :lanes::smallint[], :positions::bigint[], :keys::text[], :types::text[],
                     :errors::text[], :ats::timestamptz[])
on conflict (topic, lane, position) do nothing;

-- name: try_lock
-- Held by the session: it ends with the connection, however that ends.
select pg_try_advisory_lock(hashtext(:name::text)) as is_held;
