-- Statements of intake: each takes a whole group of events.  Lines are touched only under the lock of their order.

-- name: known_orders
select order_id from placed_order where order_id = any(:order_ids::text[])

-- name: known_asks
select ask_id from ask where ask_id = any(:ask_ids::text[])

-- name: lock_orders
-- Only a held order has open holds, so the others cost no look at them.
with locked as materialized (
    select * from placed_order where order_id = any(:order_ids::text[]) order by order_id for no key update
)
select locked.*, open.numbers, open.reasons, open.ship_group_ids
from locked
left join lateral (
    select array_agg(number order by number) as numbers, array_agg(reason order by number) as reasons,
        array_agg(ship_group_id order by number) as ship_group_ids
    from hold
    where locked.state = 'held' and hold.order_id = locked.order_id and lifted_by is null
) as open on true

-- name: insert_orders
insert into placed_order (
    order_id, channel, channel_order_id, state, funds, is_promised, was_released, version, priority, holds_made, asks_made
)
select order_id, channel, channel_order_id, state, 'pending', false, false, 1, priority, holds_made, 0
from unnest(
    :order_ids::text[], :channels::text[], :channel_order_ids::text[], :states::text[], :priorities::int[],
    :holds_made::int[]
) as placed (order_id, channel, channel_order_id, state, priority, holds_made)

-- name: insert_lines
insert into order_line (order_id, line_id, ordered)
select * from unnest(:order_ids::text[], :line_ids::text[], :quantities::int[])

-- name: put_contacts
insert into contact (order_id, contacts)
select * from unnest(:order_ids::text[], :contacts::jsonb[])
on conflict (order_id) do update set contacts = excluded.contacts

-- name: contacts_of
select order_id, contacts from contact where order_id = any(:order_ids::text[])

-- name: update_orders
update placed_order
set state = changed.state, funds = changed.funds, is_promised = changed.is_promised,
    was_released = changed.was_released, version = changed.version, holds_made = changed.holds_made,
    asks_made = changed.asks_made
from unnest(
    :order_ids::text[], :states::text[], :funds::text[], :are_promised::bool[], :were_released::bool[],
    :versions::int[], :holds_made::int[], :asks_made::int[]
) as changed (order_id, state, funds, is_promised, was_released, version, holds_made, asks_made)
where placed_order.order_id = changed.order_id

-- name: open_holds
insert into hold (order_id, number, reason, ship_group_id, lifted_by)
select * from unnest(
    :order_ids::text[], :numbers::int[], :reasons::text[], :ship_group_ids::text[], :lifted_by::text[]
)

-- name: lift_holds
update hold
set lifted_by = lifted.actor
from unnest(:order_ids::text[], :numbers::int[], :actors::text[]) as lifted (order_id, number, actor)
where hold.order_id = lifted.order_id and hold.number = lifted.number

-- name: wanted_lines
-- In the order in which the channel numbered them, as far as its ids tell.
select order_id, line_id, ordered - cancelled as quantity
from order_line
where order_id = any(:order_ids::text[]) and ordered > cancelled
order by order_id, length(line_id), line_id

-- name: lines_of
-- With the units for which an answer is awaited.
select order_id, line_id, ordered, cancelled, dispatched, coalesce(open.asked, 0)::int as asked
from order_line
left join (
    select ask.order_id, ask_line.line_id, sum(ask_line.asked) as asked
    from ask
    join ask_line using (ask_id)
    where ask.order_id = any(:order_ids::text[]) and not ask.is_answered
    group by ask.order_id, ask_line.line_id
) as open using (order_id, line_id)
where order_id = any(:order_ids::text[])
order by order_id, length(line_id), line_id

-- name: delivered_lines
select order_id, line_id, delivered as quantity
from order_line
where order_id = any(:order_ids::text[]) and delivered > 0
order by order_id, length(line_id), line_id

-- name: add_cancelled
update order_line
set cancelled = least(ordered, cancelled + added.quantity)
from unnest(:order_ids::text[], :line_ids::text[], :quantities::int[]) as added (order_id, line_id, quantity)
where order_line.order_id = added.order_id and order_line.line_id = added.line_id

-- name: add_dispatched
update order_line
set dispatched = dispatched + added.quantity
from unnest(:order_ids::text[], :line_ids::text[], :quantities::int[]) as added (order_id, line_id, quantity)
where order_line.order_id = added.order_id and order_line.line_id = added.line_id

-- name: add_delivered
update order_line
set delivered = delivered + added.quantity
from unnest(:order_ids::text[], :line_ids::text[], :quantities::int[]) as added (order_id, line_id, quantity)
where order_line.order_id = added.order_id and order_line.line_id = added.line_id

-- name: add_ended
update order_line
set ended = ended + added.quantity
from unnest(:order_ids::text[], :line_ids::text[], :quantities::int[]) as added (order_id, line_id, quantity)
where order_line.order_id = added.order_id and order_line.line_id = added.line_id

-- name: raise_settled
-- Billing tells how many are paid in all, so the highest figure is the newest, and most lines were told before.
update order_line
set settled = paid.quantity
from unnest(:order_ids::text[], :line_ids::text[], :quantities::int[]) as paid (order_id, line_id, quantity)
where order_line.order_id = paid.order_id and order_line.line_id = paid.line_id and settled < paid.quantity

-- name: tallies
select order_id, sum(ordered - cancelled)::bigint as wanted,
    bool_and(delivered + ended >= ordered - cancelled) as is_delivered, bool_and(settled >= delivered) as is_settled
from order_line
where order_id = any(:order_ids::text[])
group by order_id

-- name: insert_early_wishes
insert into early_wish (order_id, message_id, reason, lines)
select * from unnest(:order_ids::text[], :message_ids::text[], :reasons::text[], :lines::jsonb[])

-- name: take_early_wishes
with taken as (
    delete from early_wish where order_id = any(:order_ids::text[]) returning *
)
select order_id, message_id, reason, lines from taken order by position

-- name: insert_asks
insert into ask (ask_id, order_id, message_id, reason, asked_by, is_answered)
select * from unnest(
    :ask_ids::text[], :order_ids::text[], :message_ids::text[], :reasons::text[], :actors::text[], :are_answered::bool[]
)

-- name: insert_ask_lines
insert into ask_line (ask_id, line_id, wanted, asked, released)
select * from unnest(:ask_ids::text[], :line_ids::text[], :wanted::int[], :asked::int[], :released::int[])

-- name: asks_of
select ask_id, order_id, message_id, reason, asked_by, is_answered, line_id, wanted, asked, released, refused
from ask
left join ask_line using (ask_id)
where ask_id = any(:ask_ids::text[])
order by ask_id, length(line_id), line_id

-- name: update_ask_lines
update ask_line
set released = told.released, refused = told.refused
from unnest(:ask_ids::text[], :line_ids::text[], :released::int[], :refused::int[])
    as told (ask_id, line_id, released, refused)
where ask_line.ask_id = told.ask_id and ask_line.line_id = told.line_id

-- name: close_asks
update ask set is_answered = true where ask_id = any(:ask_ids::text[])
