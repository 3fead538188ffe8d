-- always: What is reserved in a bin is what orders hold there: claims, and shipments that have not left.
select sku, location_id, bin, stock.reserved, coalesce(held.units, 0) as held
from inventory.stock
left join (
    select sku, stock_owner, location_id, bin, sum(units) as units
    from (
        select sku, stock_owner, location_id, bin, quantity as units from inventory.claim where bin is not null
        union all
        select demand_line.sku, demand.stock_owner, location_id, bin, quantity - dispatched - short
        from inventory.allocation
        inner join inventory.demand using (order_id)
        inner join inventory.demand_line using (order_id, line_id)
    ) as holding
    group by sku, stock_owner, location_id, bin
) as held using (sku, stock_owner, location_id, bin)
where stock.reserved <> coalesce(held.units, 0)
