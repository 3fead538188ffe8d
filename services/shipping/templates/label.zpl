^XA
^FX 4 x 6 inches at 203 dpi. The QR code stands before the first BY command, whose height would move it.^FS
^CI28^PW812^LL1218^LH0,0
^FO32,36^A0N,64,60^FH^FD{{ label.carrier | replace('_', ' ') | upper }}^FS
^FO452,32^GB328,64,64^FS
^FO462,46^A0N,40,36^FR^FB308,1,0,C^FH^FD{{ label.service | upper }}^FS
^FO32,112^GB748,3,3^FS
^FO32,124^A0N,20,20^FDFROM^FS
^FO612,124^A0N,20,20^FDWEIGHT^FS
^FO612,150^A0N,40,36^FH^FD{{ label.weight_text }}^FS
{% for line in label.sender.lines[:3] %}
^FO32,{{ 150 + 28 * loop.index0 }}^A0N,26,24^FB560,1^FH^FD{{ line }}^FS
{% endfor %}
^FO32,{{ 150 + 28 * ([label.sender.lines | length, 3] | min) }}^A0N,26,24^FB560,1^FH^FD{{ label.sender.postcode }} {{ label.sender.city }} {{ label.sender.country }}^FS
^FO32,268^GB748,3,3^FS
^FO32,280^A0N,20,20^FDTO^FS
{% for line in label.recipient.lines[:5] %}
^FO32,{{ 308 + 44 * loop.index0 }}^A0N,42,38^FB748,1^FH^FD{{ line }}^FS
{% endfor %}
^FO32,{{ 308 + 44 * ([label.recipient.lines | length, 5] | min) }}^A0N,42,38^FB748,1^FH^FD{{ label.recipient.postcode }} {{ label.recipient.city }}^FS
^FO32,{{ 352 + 44 * ([label.recipient.lines | length, 5] | min) }}^A0N,42,38^FH^FD{{ label.recipient.country }}^FS
^FO32,632^GB748,3,3^FS
^FO32,644^A0N,20,20^FDTRACKING NUMBER^FS
^FO32,670^A0N,44,40^FH^FD{{ label.tracking_number }}^FS
^FO600,650^BQN,2,7^FH^FDQA,{{ label.tracking_number }}^FS
^FO32,726^BY{{ 3 if label.tracking_number.isdigit() else 2 }},2,110^BCN,110,N,N,N,A^FH^FD{{ label.tracking_number }}^FS
^FO32,862^GB748,3,3^FS
^FO96,884^BY4,2,220^BCN,220,N,N,N,D^FD(00){{ label.sscc }}^FS
^FO256,1116^A0N,36,34^FD(00) {{ label.sscc }}^FS
^FO32,1178^A0N,20,18^FH^FD{{ label.parcel_id }}^FS
^XZ
