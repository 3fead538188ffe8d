-- drained
-- Every reader has heard the last revision of every subject.
with said as materialized (
    select split_part(queue, '/', 1) as topic, queue, revision
    from ([each service: select queue, revision from {service}.said]) as every
),

reader as materialized (
    select service, topic from jsonb_to_recordset(:readers::jsonb) as reader (service text, topic text)
)

[each service: select '{service}' as service, queue, said.revision as said, coalesce(heard.revision, 0) as heard
from said
left join {service}.heard using (queue)
where
    said.topic in (select reader.topic from reader where reader.service = '{service}')
    and coalesce(heard.revision, 0) <> said.revision]
