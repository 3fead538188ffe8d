-- What the small projection notes, and what every projection keeps.  Nothing is unique: what comes twice shows.
create table noted (
    topic text not null,
    lane smallint not null,
    position bigint not null,
    key text not null,
    said text check (said <> 'refused')
);

create table projected (
    topic text not null,
    lane smallint not null,
    next bigint not null,
    at timestamptz not null,
    primary key (topic, lane)
);

create table unreadable (
    topic text not null,
    lane smallint not null,
    position bigint not null,
    key text not null,
    type text not null,
    error text not null,
    at timestamptz not null,
    primary key (topic, lane, position)
);
