-- Room beside rows that change several times soon after they came, so that each change finds its place on the same page
-- and no index hears of it; and no index by when a parcel left, for which nobody asks.

alter table shipment set (fillfactor = 50);
alter table parcel set (fillfactor = 70);
drop index parcel_dispatched;
