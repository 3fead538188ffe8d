-- always
-- What was announced in a log are the revisions of its subjects, each counted once.
with said as (
    [each service: select '{service}' as service, split_part(queue, '/', 1) as topic, sum(revision) as revisions
    from {service}.said group by split_part(queue, '/', 1)]
),

announced as (
    [each service: select '{service}' as service, topic, sum(messages) as messages
    from {service}.tally where outcome = 'announced' group by topic]
)

select service, topic, said.revisions, announced.messages
from said
full join announced using (service, topic)
where coalesce(said.revisions, 0) <> coalesce(announced.messages, 0)
