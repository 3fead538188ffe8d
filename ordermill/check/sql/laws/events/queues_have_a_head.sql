-- always
-- Nothing stands behind a head that is gone.
[each service: select '{service}' as service, first.queue, first.id, first.reason
from {service}.later as first
where
    first.reason = 'behind' and first.due is null
    and not exists (select from {service}.later as head where head.queue = first.queue and head.id < first.id)]
