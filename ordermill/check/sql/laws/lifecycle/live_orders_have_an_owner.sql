-- drained
-- Every order that is not at its end waits for somebody: a decision, goods, the floor, a carrier, money.
select placed_order.order_id, placed_order.channel, placed_order.channel_order_id, placed_order.state
from intake.placed_order
where
    state in ('received', 'held', 'released')
    and not exists (select from intake.hold where hold.order_id = placed_order.order_id and lifted_by is null)
    and not exists (select from intake.ask where ask.order_id = placed_order.order_id and not is_answered)
    and not exists (select from inventory.claim where claim.order_id = placed_order.order_id and bin is null)
    and not exists (
        select from inventory.allocation where allocation.order_id = placed_order.order_id and quantity > dispatched
    )
    and not exists (
        select from shipping.shipment
        inner join shipping.parcel using (shipment_id)
        where shipment.order_id = placed_order.order_id and milestone in ('announced', 'accepted', 'moving', 'out')
    )
    and not exists (
        select from billing.invoice where invoice.order_id = placed_order.order_id and total > paid + credited
    )
    and not exists (
        select from billing.order_account
        where order_account.order_id = placed_order.order_id and funds <> 'secured' and is_wanted
    )
