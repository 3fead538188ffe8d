-- always: No bin holds less than nothing, and none promises more than it holds or misses.
select sku, location_id, bin, on_hand, reserved, missing from inventory.stock
where on_hand < 0 or reserved < 0 or reserved > on_hand + missing
