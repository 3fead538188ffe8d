-- always
-- A business fact is posted once.
select kind, reference, count(*) as postings from billing.ledger_transaction
group by kind, reference having count(*) > 1
