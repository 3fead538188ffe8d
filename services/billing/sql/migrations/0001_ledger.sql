-- The books: append-only, balanced, one posting for each business fact.

create type ledger_account as enum (
    'bank', 'cash_in_transit', 'carrier_collections', 'suspense', 'receivable', 'inventory',
    'customer_deposits', 'customer_credit', 'tax_payable', 'goods_received_not_invoiced',
    'revenue', 'carriage', 'discounts', 'cost_of_goods', 'payment_fees'
);

create table chart_of_accounts (
    account ledger_account primary key,
    class text not null check (class in ('asset', 'liability', 'revenue', 'expense')),
    holds text not null
);

insert into chart_of_accounts (account, class, holds) values
('bank', 'asset', 'money on our bank account'),
('cash_in_transit', 'asset', 'money that the payment provider holds for us'),
('carrier_collections', 'asset', 'cash that carriers took on delivery'),
('suspense', 'liability', 'transfers that nobody could match yet'),
('receivable', 'asset', 'invoices that are not paid'),
('inventory', 'asset', 'goods at cost'),
('customer_deposits', 'liability', 'money received for what was not invoiced yet'),
('customer_credit', 'liability', 'money that we owe customers and no provider can give back'),
('tax_payable', 'liability', 'taxes invoiced'),
('goods_received_not_invoiced', 'liability', 'goods that came before their supplier''s invoice'),
('revenue', 'revenue', 'goods invoiced, before discounts'),
('carriage', 'revenue', 'charges invoiced, before discounts'),
('discounts', 'revenue', 'discounts given: a contra account'),
('cost_of_goods', 'expense', 'goods that left, at cost'),
('payment_fees', 'expense', 'what the payment provider keeps');

create table ledger_transaction (
    transaction_id bigint generated always as identity primary key,
    kind text collate "C" not null,
    reference text collate "C" not null,
    -- Null for what belongs to no order: goods received, transfers, fees of neither.
    order_id text collate "C",
    -- One currency for all entries: so a transaction cannot balance across two.
    currency text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
    posted_at timestamptz not null,
    -- One business fact is posted once.
    unique (kind, reference)
);

create table ledger_entry (
    transaction_id bigint not null,
    account ledger_account not null,
    -- Debit above zero, credit below.
    amount bigint not null check (amount <> 0),
    primary key (transaction_id, account)
);

-- Checked for all rows of a statement at once: a foreign key and a trigger on each row cost more than the insert itself.
create function refuse_unbalanced_entries() returns trigger language plpgsql as $$
begin
    if exists (
        select from added left join ledger_transaction using (transaction_id)
        group by transaction_id
        having sum(added.amount) <> 0 or bool_or(ledger_transaction.kind is null)
    ) then
        raise exception 'ledger entries do not balance, or belong to no transaction' using errcode = 'check_violation';
    end if;
    return null;
end $$;

create trigger entries_balance after insert on ledger_entry
referencing new table as added for each statement execute function refuse_unbalanced_entries();

-- At commit, whatever wrote them: each transaction has at least two legs and adds up to nothing.
create function refuse_unbalanced_transaction() returns trigger language plpgsql as $$
begin
    if (
        select count(*) < 2 or sum(amount) <> 0 from ledger_entry where transaction_id = new.transaction_id
    ) then
        raise exception 'ledger transaction % (% %) does not balance', new.transaction_id, new.kind, new.reference
            using errcode = 'check_violation';
    end if;
    return null;
end $$;

create constraint trigger transaction_balances after insert on ledger_transaction
deferrable initially deferred for each row execute function refuse_unbalanced_transaction();

-- What is in the books stays: an error is mended by another posting.
revoke update, delete on chart_of_accounts, ledger_transaction, ledger_entry from billing;
revoke insert on chart_of_accounts from billing;
