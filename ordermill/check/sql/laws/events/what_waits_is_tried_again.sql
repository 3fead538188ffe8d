-- always
-- What is too early, failed or due has a time when it is tried again.
[each service: select '{service}' as service, id, queue, reason, awaits, error
from {service}.later where reason in ('early', 'failed', 'due') and due is null]
