-- always
-- What rests as a dead letter says why.
[each service: select '{service}' as service, id, queue, tries
from {service}.later where reason = 'dead' and error is null]
