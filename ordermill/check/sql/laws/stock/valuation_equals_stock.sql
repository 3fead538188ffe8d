-- always
-- What goods are worth: units and value by item equal the stock and the journal's values.
with on_hand as (
    select sku, stock_owner, sum(on_hand) as quantity from inventory.stock group by sku, stock_owner
),

journal as (
    select sku, stock_owner, sum(value) as value from inventory.movement group by sku, stock_owner
)

select sku, valuation.quantity, on_hand.quantity as on_hand, valuation.value, journal.value as moved_value
from inventory.valuation
full join on_hand using (sku, stock_owner)
full join journal using (sku, stock_owner)
where
    coalesce(valuation.quantity, 0) <> coalesce(on_hand.quantity, 0)
    or coalesce(valuation.value, 0) <> coalesce(journal.value, 0)
