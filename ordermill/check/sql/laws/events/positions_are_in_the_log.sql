-- always
-- No service is further than the end of a log: nothing that was read has been lost.
select position.service, topic, lane, position.next as passed, log."end" as in_the_log
from jsonb_to_recordset(:positions::jsonb) as position (service text, topic text, lane smallint, next bigint)
inner join jsonb_to_recordset(:logs::jsonb) as log (topic text, lane smallint, "end" bigint) using (topic, lane)
where position.next > log."end"
