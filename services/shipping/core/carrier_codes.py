"""What carriers' codes mean, as data: one block a carrier, one line a meaning, then the codes that have it.

A meaning is a milestone, or an exception (which is a flag, not a rung), or both: `out+attempted`. Codes are compared
in lower case, with runs of other characters as one underscore. A carrier without a block speaks the words of `*`.
"""

from typing import Final

CARRIER_CODES: Final = {
    "*": """
        announced: announced pending pre_transit label_created label_printed created registered data_received
        accepted: accepted picked_up pickup collected received acceptance origin_scan
        moving: in_transit transit moving departed arrived arrived_at_hub departed_hub customs_cleared
        out: out_for_delivery out with_courier
        out+attempted: attempted delivery_attempted delivery_failed failed_attempt not_delivered failure
        out+awaiting_collection: available_for_pickup ready_for_pickup awaiting_collection
        delivered: delivered pod
        returned: returned returned_to_sender
        lost: lost missing
        destroyed: destroyed disposed
        +held: on_hold held customs customs_hold
        +delayed: delayed delivery_delayed exception
        +damaged: damaged
        +refused: refused
        +returning: returning return_to_sender
        +cancelled: cancelled
        """,
    "ups": """
        announced: m mv mp xd oa dd
        accepted: or pu oc og
        moving: i dp aa ar af al ds ih ap
        out: ot od of dl
        out+attempted: rf ur uf cc
        out+awaiting_collection: rp uu ac wc
        delivered: d fs kb f4
        returned: rs
        lost: lo lt lp
        +held: x ex hx hd hi hs hu nh sr
        +delayed: dy de sd
        +damaged: da dm dmg
        +returning: rt rh ru
        +cancelled: vd ca cn cv
        """,
    "fedex": """
        announced: oc ox ep md
        accepted: pu px of ap
        moving: it ix aa ac af ar ax dp ea eo fd lo ow pf pl pm sf tr cc ae ao
        out: ad ed od
        out+attempted: de
        out+awaiting_collection: hl hp
        delivered: dl
        +held: cd se ha cp
        +delayed: dy dd py
        +returning: rs rt
        +cancelled: ca rd
        """,
    "usps": """
        announced: gx
        accepted: 03 pu
        moving: 07 10 a1 sf t1 tl
        out: of
        delivered: 01
        """,
    "dhl_express": """
        accepted: pu pl or
        moving: df af ar it tr cc cd po
        out: wc
        out+attempted: nh
        delivered: ok
        returned: rt
        destroyed: ds
        +held: ba hp oh
        +delayed: ir md td ud
        +damaged: dm
        +refused: rd
        +undeliverable: cm dp ss st
        """,
    "dhl_parcel_de": """
        accepted: ae es pckdu shrcu
        moving: aa ee srted ulfmv ldtmv
        out: po
        out+attempted: ndelv
        delivered: zu dlvrd
        lost: not_found
        +refused: recipient_refused delivery_refused
        +damaged: package_damaged parcel_damaged
        +delayed: unknown
        """,
    "dpd": """
        accepted: pickedup
        moving: betweendepots depot
        out: courier
        out+attempted: deliveryfailure returningfromdelivery
        out+awaiting_collection: parcelshop
        +damaged: dmg
        +refused: rejected
        """,
    "postat": """
        moving: unterwegs
        out: in_zustellung
        out+attempted: failed
        delivered: zugestellt
        """,
}
