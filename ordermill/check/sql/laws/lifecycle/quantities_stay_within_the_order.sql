-- always
-- Of no line more is dispatched than was ordered and not cancelled, and no more arrives or ends than was dispatched.
select order_id, line_id, ordered, cancelled, dispatched, delivered, ended from intake.order_line
where dispatched > ordered - cancelled or delivered + ended > dispatched or cancelled not between 0 and ordered
