-- A rebuild replays everything into a model of its own, beside the one that pages read, and puts it in its place in one
-- transaction.  The console's role may make and drop nothing, so the owner does it for it: these three things, and no other.

-- What can be replayed.  Everything else in this schema (people, their sessions) stays when the model is exchanged.
create function model_tables() returns setof text
language sql immutable as $$
    select unnest(array[
        'projected', 'unreadable', 'wire_name', 'pointer', 'pace', 'placed_order', 'stage_tally', 'order_line', 'hold',
        'cancellation', 'promise', 'sourcing', 'backorder', 'shipment', 'work', 'short_pick', 'parcel', 'message', 'item',
        'location', 'carton', 'stock_level', 'movement', 'purchase', 'receipt', 'invoice', 'money_event', 'refund',
        'dead_letter', 'audit_report', 'figure', 'figure_due'])
$$;

create function drop_rebuild() returns void
language plpgsql security definer set search_path = pg_catalog set client_min_messages = warning as $$
begin
    drop schema if exists console_next cascade;
end $$;

create function begin_rebuild() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    name text;
    parts text;
begin
    perform console.drop_rebuild();
    create schema console_next;
    for name in select console.model_tables() loop
        parts := case when exists (
            select from pg_partitioned_table where partrelid = format('console.%I', name)::regclass
        ) then ' partition by range (at)' else '' end;
        execute format('create table console_next.%I (like console.%I including all)%s', name, name, parts);
        if parts <> '' then
            execute format('create table console_next.%I partition of console_next.%I default', name || '_rest', name);
        end if;
    end loop;
    grant usage on schema console_next to console, auditor;
    grant select, insert, update, delete on all tables in schema console_next to console;
    grant select on all tables in schema console_next to auditor;
    grant usage on all sequences in schema console_next to console;
end $$;

-- Waits for what is being read for two seconds and gives up rather than make everybody else wait: it is asked again.
create function finish_rebuild() returns void
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' set client_min_messages = warning
as $$
declare
    name text;
    part regclass;
begin
    drop schema if exists console_old cascade;
    create schema console_old;
    for name in select console.model_tables() loop
        for part in
            select format('console.%I', name)::regclass
            union all
            select inhrelid::regclass from pg_inherits where inhparent = format('console.%I', name)::regclass
        loop
            execute format('alter table %s set schema console_old', part);
        end loop;
        for part in
            select format('console_next.%I', name)::regclass
            union all
            select inhrelid::regclass from pg_inherits where inhparent = format('console_next.%I', name)::regclass
        loop
            execute format('alter table %s set schema console', part);
        end loop;
    end loop;
    drop schema console_next;
    drop schema console_old cascade;
end $$;

revoke execute on function drop_rebuild, begin_rebuild, finish_rebuild from public;
grant execute on function drop_rebuild, begin_rebuild, finish_rebuild to console;
