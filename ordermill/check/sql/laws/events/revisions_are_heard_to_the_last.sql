-- drained
-- Every reader has heard the last revision of every subject.
with said as (
    [each service: select queue, revision from {service}.said]
),

heard as (
    [each service: select '{service}' as service, queue, revision from {service}.heard]
)

select reader.service, queue, said.revision as said, coalesce(heard.revision, 0) as heard
from said
inner join jsonb_to_recordset(:readers::jsonb) as reader (service text, topic text)
    on split_part(said.queue, '/', 1) = reader.topic
left join heard using (service, queue)
where coalesce(heard.revision, 0) <> said.revision
