-- Orders that cost more to send than they leave, behind the figure that must not pass their margin: few of many.

create index placed_order_unprofitable on placed_order (shipped_at, order_id)
where label_cost + packaging_cost > total - value_cancelled - goods_cost;
