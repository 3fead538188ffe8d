-- always
-- Units that wait for a purchase wait for one that exists and contains them.
select order_id, line_id, sku, purchase_order_id
from inventory.claim
where
    purchase_order_id is not null
    and not exists (
        select from inventory.purchase_line
        where purchase_line.purchase_order_id = claim.purchase_order_id and purchase_line.sku = claim.sku
    )
