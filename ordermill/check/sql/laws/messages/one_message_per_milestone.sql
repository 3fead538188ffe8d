-- always
-- A milestone is told once.
select order_id, milestone, about, count(*) as messages from notifications.message
group by order_id, milestone, about having count(*) > 1
