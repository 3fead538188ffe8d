-- always: The valued units of an item are those that lie in its bins.
select coalesce(valuation.sku, lying.sku) as sku, valuation.quantity, lying.units
from inventory.valuation
full join (
    select sku, stock_owner, sum(on_hand) as units from inventory.stock group by sku, stock_owner
) as lying using (sku, stock_owner)
where coalesce(valuation.quantity, 0) <> coalesce(lying.units, 0)
