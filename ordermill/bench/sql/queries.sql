-- What the bench reads of the database, and the little it writes.

-- name: states
select state, count(*) as orders from intake.placed_order group by state order by state;

-- name: wal
-- The end of the write-ahead log in bytes.
select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint;

-- name: transactions
-- How many transactions have written so far: each draws one number, and waits for the disk once when it commits.
select pg_snapshot_xmax(pg_current_snapshot())::text::bigint;

-- name: inserted
-- Rows inserted so far, by table of the services' schemas.
select schemaname || '.' || relname as name, n_tup_ins as rows
from pg_stat_user_tables where schemaname = any(:schemas::text[]);
