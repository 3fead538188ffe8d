-- told
-- Customers are told of every parcel that arrived, and of every one that will not.
with told as (
    select about as parcel_id, milestone from notifications.message
    where milestone in ('shipment_delivered', 'parcel_closed')
),

ended as (
    select
        parcel_id, case milestone when 'delivered' then 'shipment_delivered' else 'parcel_closed' end as milestone
    from shipping.parcel
    where milestone in ('delivered', 'returned', 'lost', 'destroyed')
)

select parcel_id, ended.milestone as reached, told.milestone as told
from ended
full join told using (parcel_id)
where ended.milestone is distinct from told.milestone
