-- drained
-- A completed order is delivered, ended or cancelled to the last unit, and settled.
select order_id, line_id, ordered, cancelled, delivered, ended, settled
from intake.order_line inner join intake.placed_order using (order_id)
where state = 'completed' and (ordered - cancelled <> delivered + ended or settled < delivered)
