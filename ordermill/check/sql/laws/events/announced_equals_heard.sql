-- drained
-- Every reader of a log has handled, dropped or set aside what was announced in it, partition by partition.
with announced as (
    [each service: select topic, lane, messages from {service}.tally where outcome = 'announced']
),

heard as (
    select service, topic, lane, sum(messages) as messages
    from (
        [each service: select '{service}' as service, topic, lane, messages from {service}.tally
        where outcome in ('handled', 'ignored', 'later')]
    ) as counted
    group by service, topic, lane
)

select reader.service, topic, lane, announced.messages as announced, coalesce(heard.messages, 0) as heard
from announced
inner join jsonb_to_recordset(:readers::jsonb) as reader (service text, topic text) using (topic)
left join heard using (service, topic, lane)
where announced.messages <> coalesce(heard.messages, 0)
