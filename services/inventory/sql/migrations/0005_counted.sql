-- When a bin was counted last, by the floor's clock: a shortage from before that is known to the count.

alter table stock add column counted_at timestamptz;
