-- always
-- Nothing lies below zero, and no more is picked or reserved than there is.
select sku, location_id, bin, on_hand, picked, reserved, missing
from inventory.stock
where on_hand < 0 or picked not between 0 and on_hand or reserved not between 0 and on_hand + missing
