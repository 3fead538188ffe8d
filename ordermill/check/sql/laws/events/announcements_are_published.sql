-- always
-- Every event that a service announced is in its log.
with announced as (
    [each service: select topic, lane, messages from {service}.tally where outcome = 'announced']
),

unpublished as (
    select topic, lane, count(*) as messages
    from ([each service: select topic, lane from {service}.outbox]) as waiting
    group by topic, lane
)

select topic, lane, announced.messages as announced, unpublished.messages as unpublished, log."end" as in_the_log
from announced
inner join jsonb_to_recordset(:logs::jsonb) as log (topic text, lane smallint, "end" bigint) using (topic, lane)
left join unpublished using (topic, lane)
where log."end" < announced.messages - coalesce(unpublished.messages, 0)
