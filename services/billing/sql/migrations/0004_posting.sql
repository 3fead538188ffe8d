-- By keys: joined, a batch of postings was compared with the whole ledger, and cost more the longer it was.
create or replace function refuse_unbalanced_entries() returns trigger language plpgsql as $$
begin
    if exists (select from added group by transaction_id having sum(amount) <> 0)
        or (select count(distinct transaction_id) from added) <> (
            select count(*) from ledger_transaction
            where transaction_id = any(array(select distinct transaction_id from added))
        )
    then
        raise exception 'ledger entries do not balance, or belong to no transaction' using errcode = 'check_violation';
    end if;
    return null;
end $$;
