-- name: save_orders
insert into customer_order (order_id, number)
select * from unnest(:order_ids::text[], :numbers::text[])
on conflict do nothing;

-- name: known_orders
select order_id from customer_order where order_id = any(:order_ids::text[]);

-- name: save_contacts
-- The newest version wins; nothing brings back what was erased.
insert into contact as known (order_id, version, name, email, language)
select distinct on (order_id) *
from unnest(:order_ids::text[], :versions::integer[], :names::text[], :emails::text[], :languages::text[])
    as t (order_id, version, name, email, language)
order by order_id, version desc
on conflict (order_id) do update
set version = excluded.version, name = excluded.name, email = excluded.email, language = excluded.language
where not known.erased and known.version < excluded.version;

-- name: erase_contacts
insert into contact (order_id, version, erased)
select distinct order_id, 0, true from unnest(:order_ids::text[]) as t (order_id)
on conflict (order_id) do update set name = '', email = null, erased = true;

-- name: known_contacts
select order_id from contact where order_id = any(:order_ids::text[]);

-- name: customers
select order_id, customer_order.number, contact.name, contact.email, contact.language, contact.erased as is_erased
from customer_order
inner join contact using (order_id)
where order_id = any(:order_ids::text[]);

-- name: claim_messages
-- Returns those that nobody claimed before.
insert into message (order_id, milestone, about)
select * from unnest(:order_ids::text[], :milestones::text[], :abouts::text[])
on conflict do nothing
returning order_id, milestone, about;

-- name: save_outcomes
update message
set outcome = t.outcome
from unnest(:order_ids::text[], :milestones::text[], :abouts::text[], :outcomes::text[])
    as t (order_id, milestone, about, outcome)
where message.order_id = t.order_id and message.milestone = t.milestone and message.about = t.about;
