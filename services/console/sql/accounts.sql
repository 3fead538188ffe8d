-- Statements of sign-in: accounts and sessions.

-- name: add_account
insert into account (name, role, verifier, made_by)
values (:name, :role, :verifier, :made_by)
on conflict (name) do nothing
returning name

-- name: accounts
select account.name, role, is_enabled, made_at, made_by, signed_in_at, count(session.account) as sessions
from account
left join session on session.account = account.name and session.ends_at > :now
group by account.name
order by account.name

-- name: account_named
select name, role, verifier, is_enabled from account where name = :name

-- name: remove_account
delete from account where name = :name returning name

-- name: set_role
update account set role = :role, changed_at = now() where name = :name

-- name: set_enabled
update account set is_enabled = :is_enabled, changed_at = now() where name = :name

-- name: set_verifier
update account set verifier = :verifier, changed_at = now() where name = :name

-- name: lock_admins
-- Locked in order, so that two admins cannot each take the other's role away and leave nobody.
select name from account where role = 'admin' and is_enabled order by name for update

-- name: note_sign_in
update account set signed_in_at = :now where name = :name

-- name: begin_session
insert into session (token_sha256, account, csrf, begun_at, seen_at, ends_at)
values (:token_sha256, :account, :csrf, :now, :now, :ends_at)

-- name: session_of
select session.account, account.role, session.csrf, session.seen_at, session.ends_at
from session
join account on account.name = session.account and account.is_enabled
where token_sha256 = :token_sha256 and ends_at > :now and seen_at > :seen_after

-- name: note_seen
update session set seen_at = :now where token_sha256 = :token_sha256

-- name: end_session
delete from session where token_sha256 = :token_sha256

-- name: end_sessions_of
delete from session where account = :account

-- name: drop_ended
delete from session where ends_at <= :now
