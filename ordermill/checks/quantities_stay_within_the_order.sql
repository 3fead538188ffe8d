-- Of no line is more dispatched, delivered or cancelled than was ordered.
select order_id, line_id, ordered, cancelled, dispatched, delivered, ended from intake.order_line
where dispatched > ordered or delivered + ended > dispatched or cancelled > ordered
