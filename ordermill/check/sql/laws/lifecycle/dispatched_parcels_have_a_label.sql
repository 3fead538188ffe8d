-- always
-- A parcel that left has one good label, and one that was taken back has none.
with good as (
    select parcel_id, count(*) as labels from shipping.label where not voided group by parcel_id
)

select parcel_id, recalled_by, coalesce(good.labels, 0) as good_labels
from shipping.parcel
left join shipping.dispatch using (shipment_id)
left join good using (parcel_id)
where
    (recalled_by is not null and good.labels > 0)
    or (recalled_by is null and dispatch.shipment_id is not null and good.labels is distinct from 1)
