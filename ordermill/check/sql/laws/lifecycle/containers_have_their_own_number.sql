-- always
-- No two parcels carry the same serial number of a shipping container.
select sscc, count(*) as parcels from shipping.parcel group by sscc having count(*) > 1
