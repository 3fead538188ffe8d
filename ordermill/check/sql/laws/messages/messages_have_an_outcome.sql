-- told
-- Every mail that was decided was sent, or it is known why not.
select order_id, milestone, about from notifications.message where outcome is null
