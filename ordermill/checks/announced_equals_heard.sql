-- drained
-- What is announced to intake has been heard, dropped or set aside there, message for message.
select announced.topic, announced.lane, announced.messages, heard.messages as heard
from (
    select topic, lane, messages from billing.tally where outcome = 'announced' and topic = 'billing-accounts'
    union all
    select topic, lane, messages from inventory.tally where outcome = 'announced' and topic = 'inventory-allocations'
    union all
    select topic, lane, messages from shipping.tally where outcome = 'announced' and topic = 'shipping-shipments'
) as announced
left join (
    select topic, lane, sum(messages) as messages from intake.tally where outcome in ('handled', 'ignored', 'later')
    group by topic, lane
) as heard using (topic, lane)
where announced.messages <> coalesce(heard.messages, 0)
