-- What lies where, who holds it, and what it is worth.
select sku, stock_owner, location_id, bin, on_hand, picked, reserved, missing, blocked, null::bigint as value
from inventory.stock
union all
select sku, stock_owner, null, null, quantity, null, null, null, null, value from inventory.valuation
