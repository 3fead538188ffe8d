-- Lists of a million orders that show few of them: what is rare is found by an index of its own, or a page of it walks
-- through all that is not.  Measured by tests/service/console/million.py.

create index placed_order_channel on placed_order (channel, placed_at, order_id);
create index placed_order_country on placed_order (country, placed_at, order_id);
create index placed_order_held on placed_order (placed_at, order_id) where holds <> '{}';
create index placed_order_incident on placed_order (placed_at, order_id) where incidents <> '{}';
create index placed_order_bad_shipped on placed_order (shipped_at, order_id) where incidents <> '{}';
create index placed_order_bad_delivered on placed_order (delivered_at, order_id) where incidents <> '{}';
create index placed_order_bad_ended on placed_order (ended_at, order_id) where incidents <> '{}';
create index placed_order_unfilled on placed_order (placed_at, order_id) where lines_available < lines_promised;
create index placed_order_overdue on placed_order (first_ship_by, order_id)
where shipped_at is null or shipped_at > first_ship_by;
create index dead_letter_resting_since on dead_letter (dead_at, dead_letter_id) where resolution is null;
create index dead_letter_settled on dead_letter (dead_at, dead_letter_id) where resolution is not null;
