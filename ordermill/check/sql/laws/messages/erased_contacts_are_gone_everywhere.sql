-- told
-- Contacts that one service has erased are erased in all of them.
select
    order_id, kept.order_id is not null as intake, erased as notifications, worked.contacts is null as fulfillment,
    sent.contacts is null as shipping
from notifications.contact
left join intake.contact as kept using (order_id)
left join fulfillment.contact as worked using (order_id)
left join shipping.contact as sent using (order_id)
where
    (kept.order_id is null) <> erased
    or (worked.contacts is null) <> erased
    or (sent.contacts is null) <> erased
