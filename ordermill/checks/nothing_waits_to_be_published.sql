-- drained
-- Nothing that was announced waits to be published, and no call to the outside is open.
select * from (
    select 'intake' as service, (select count(*) from intake.outbox) as outbox, (select count(*) from intake.call) as calls
    union all select 'inventory', (select count(*) from inventory.outbox), (select count(*) from inventory.call)
    union all select 'fulfillment', (select count(*) from fulfillment.outbox), (select count(*) from fulfillment.call)
    union all select 'shipping', (select count(*) from shipping.outbox), (select count(*) from shipping.call)
    union all select 'billing', (select count(*) from billing.outbox), (select count(*) from billing.call)
) as left_over
where outbox + calls > 0
