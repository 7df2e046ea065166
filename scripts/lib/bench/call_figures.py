"""What `urbania call -o json` measured, in one line of whole numbers.

Medians of connect() and of the first remote frame in microseconds; kilobits a second that all receivers got together;
the median of pictures in a hundred seconds; packets of a million that did not come, on average.
"""
import json
import statistics
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    call = json.load(file)
if not all(pair[kind] and pair[kind]["measured"] for pair in call["pairs"] for kind in ("sees", "hears")):
    sys.exit(1)
sights = [pair["sees"]["measured"] for pair in call["pairs"]]
sounds = [pair["hears"]["measured"] for pair in call["pairs"]]
figures = [
    1000 * statistics.median(one["join_ms"] for one in call["participants"]),
    1000 * statistics.median(sight["first_frame_ms"] for sight in sights if sight["first_frame_ms"]),
    sum(stream["kbps"] for stream in sights + sounds),
    100 * statistics.median(sight["fps"] for sight in sights),
    10_000 * statistics.mean(stream["loss_percent"] for stream in sights + sounds),
]
print(*map(round, figures))
