-- The exchange with any number of days: the parts of a table are found before the first of them moves.
create or replace function finish_rebuild() returns void
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' set client_min_messages = warning
as $$
declare
    name text;
    place text;
    part regclass;
begin
    drop schema if exists console_old cascade;
    create schema console_old;
    for name in select console.model_tables() loop
        foreach place in array array['console', 'console_next'] loop
            foreach part in array array(
                select format('%I.%I', place, name)::regclass
                union all
                select inhrelid::regclass from pg_inherits where inhparent = format('%I.%I', place, name)::regclass
            ) loop
                execute format(
                    'alter table %s set schema %I', part, case place when 'console' then 'console_old' else 'console' end
                );
            end loop;
        end loop;
    end loop;
    drop schema console_next;
    drop schema console_old cascade;
end $$;
