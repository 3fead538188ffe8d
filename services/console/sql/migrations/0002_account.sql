-- Who may sign in, and who is signed in. Passwords and tokens are kept as what can be compared, not as what they are.

create table account (
    name text collate "C" primary key check (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    role text not null check (role in ('viewer', 'operator', 'admin')),
    verifier text not null,
    is_enabled boolean not null default true,
    made_at timestamptz not null default now(),
    made_by text not null,
    changed_at timestamptz not null default now(),
    signed_in_at timestamptz
);

create table session (
    token_sha256 bytea primary key check (length(token_sha256) = 32),
    account text collate "C" not null references account on delete cascade,
    csrf text not null,
    begun_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    ends_at timestamptz not null
);
create index session_account on session (account);
create index session_ends on session (ends_at);
