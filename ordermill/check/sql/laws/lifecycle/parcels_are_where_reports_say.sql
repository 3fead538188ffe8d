-- always
-- A parcel has come to its end when exactly one report says so.
with ends as (
    select parcel_id, count(*) as reports from shipping.tracking_report where verdict = 'ended' group by parcel_id
)

select parcel_id, milestone, coalesce(ends.reports, 0) as reports_of_its_end
from shipping.parcel
left join ends using (parcel_id)
where (milestone in ('delivered', 'returned', 'lost', 'destroyed'))::integer <> coalesce(ends.reports, 0)
