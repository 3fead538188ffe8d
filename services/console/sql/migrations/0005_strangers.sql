-- What strangers may write holds nobody up.  An order of 5,000 lines of a million units each is allowed, and more than an
-- integer; and a sender's clock may say any day, also one whose table is still to be made.

alter table placed_order
    alter column units type bigint,
    alter column units_promised type bigint,
    alter column units_available type bigint,
    alter column units_cancelled type bigint,
    alter column units_allocated type bigint,
    alter column units_packed type bigint,
    alter column units_dispatched type bigint,
    alter column units_delivered type bigint,
    alter column units_lost type bigint;
alter table shipment alter column units type bigint;
alter table parcel alter column units type bigint;

-- A day's rows that came before its table lie in the rest, and move.
create or replace function keep_days(place text, first date, last date) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    parent text;
    part text;
    day date;
    since timestamptz;
    before timestamptz;
begin
    if place not in ('console', 'console_next') then
        raise exception 'no read model is kept in %', place;
    end if;
    foreach parent in array array['pointer', 'movement'] loop
        for part in
            select child.relname from pg_inherits
            join pg_class as child on child.oid = inhrelid
            where inhparent = format('%I.%I', place, parent)::regclass
              and child.relname ~ (parent || '_\d{8}$') and right(child.relname, 8) < to_char(first, 'YYYYMMDD')
        loop
            execute format('drop table %I.%I', place, part);
        end loop;
        execute format('delete from %I.%I where at < %L', place, parent || '_rest', first::timestamp at time zone 'UTC');
        for day in select generate_series(first, last, interval '1 day')::date loop
            part := parent || '_' || to_char(day, 'YYYYMMDD');
            since := day::timestamp at time zone 'UTC';
            before := (day + 1)::timestamp at time zone 'UTC';
            if to_regclass(format('%I.%I', place, part)) is null then
                execute format('create table %I.%I (like %I.%I including all)', place, part, place, parent);
                execute format(
                    'with moved as (delete from %I.%I where at >= %L and at < %L returning *) '
                    'insert into %I.%I select * from moved',
                    place, parent || '_rest', since, before, place, part);
                execute format(
                    'alter table %I.%I attach partition %I.%I for values from (%L) to (%L)',
                    place, parent, place, part, since, before);
            end if;
        end loop;
    end loop;
end $$;
