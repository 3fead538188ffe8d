-- always
-- Every message that a service passed was handled, dropped or set aside.
with taken as (
    select service, topic, lane, sum(messages) as messages
    from (
        [each service: select '{service}' as service, topic, lane, messages from {service}.tally
        where outcome <> 'announced']
    ) as counted
    group by service, topic, lane
)

select service, topic, lane, position.next as passed, coalesce(taken.messages, 0) as counted
from jsonb_to_recordset(:positions::jsonb) as position (service text, topic text, lane smallint, next bigint)
left join taken using (service, topic, lane)
where coalesce(taken.messages, 0) < position.next
