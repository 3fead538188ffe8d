-- Orders, and what became of each of their units, holds and wishes to cancel.
with lines as (
    select
        order_id,
        jsonb_agg(
            jsonb_build_array(line_id, ordered, cancelled, dispatched, delivered, ended, settled) order by line_id
        ) as lines
    from intake.order_line
    group by order_id
),

holds as (
    select
        order_id,
        jsonb_agg(jsonb_build_array(reason, ship_group_id, lifted_by) order by reason, ship_group_id, lifted_by) as holds
    from intake.hold
    group by order_id
),

wishes as (
    select
        order_id,
        jsonb_agg(
            jsonb_build_array(reason, asked_by, line_id, wanted, released, refused)
            order by reason, asked_by, line_id, wanted, released
        ) as wishes
    from intake.ask
    inner join intake.ask_line using (ask_id)
    group by order_id
)

select
    order_id, channel, channel_order_id, state, funds, is_promised, was_released, priority, lines, holds, wishes
from intake.placed_order
left join lines using (order_id)
left join holds using (order_id)
left join wishes using (order_id)
