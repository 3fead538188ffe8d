-- What the service of the chassis' own tests writes down.
create table story (
    position bigint generated always as identity primary key,
    subject text collate "C" not null,
    what text not null,
    id text not null
);
create table paid_order (reference text collate "C" primary key, subject text not null);
