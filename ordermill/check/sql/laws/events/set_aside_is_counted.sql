-- always
-- What a service counts as set aside is in its table of what comes later.
with counted as (
    [each service: select '{service}' as service, topic, lane, messages from {service}.tally where outcome = 'later']
),

kept as (
    -- What was brought home from elsewhere counts as handled there; notes are a service's own.
    [each service: select '{service}' as service, topic, lane, count(*) as messages
    from {service}.later where queue not like '%>%' and topic <> 'note' group by topic, lane]
)

select service, topic, lane, counted.messages as counted, kept.messages as kept
from counted
full join kept using (service, topic, lane)
where coalesce(counted.messages, 0) <> coalesce(kept.messages, 0)
