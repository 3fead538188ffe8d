-- always
-- An order's state is what its quantities and holds say.
with lines as (
    select
        order_id,
        bool_and(ordered = cancelled) as is_cancelled,
        bool_and(delivered + ended = ordered - cancelled) as has_arrived,
        bool_and(settled >= delivered) as is_settled
    from intake.order_line
    group by order_id
),

holds as (
    select order_id, bool_or(lifted_by is null) as is_held from intake.hold group by order_id
)

select order_id, state, is_cancelled, has_arrived, is_settled, is_held
from intake.placed_order
left join lines using (order_id)
left join holds using (order_id)
where
    (state = 'completed' and not (has_arrived and is_settled))
    or (state = 'cancelled' and not is_cancelled)
    or (state = 'held' and is_held is not true)
    or (state in ('received', 'released') and is_held)
