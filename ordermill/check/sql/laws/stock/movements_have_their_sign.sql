-- always
-- What comes is counted up, what goes is counted down.
select movement_id, sku, location_id, bin, kind, quantity
from inventory.movement
where
    (kind in ('received', 'returned', 'reserved', 'picked') and quantity < 0)
    or (kind in ('released', 'unpicked', 'dispatched') and quantity > 0)
