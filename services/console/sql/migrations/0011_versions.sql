-- What changes often touches no index that it need not: a new version of an order's row costs a key in each of its two
-- dozen indexes, unless none of their columns and conditions changed.

drop index placed_order_unprofitable;
alter table placed_order add column is_unprofitable boolean not null -- so far: it costs more to send than it leaves
    generated always as (label_cost + packaging_cost > total - value_cancelled - goods_cost) stored;
create index placed_order_unprofitable on placed_order (shipped_at, order_id) where is_unprofitable;

-- Records of one key lie together whenever they came: no page asks for a part of them by time.
drop index pointer_key;
create index pointer_key on pointer (key);
