"""Judges a long call: the lab's JSON, and the SFU's memory in KiB, one sample a line."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    call = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    memory = [int(line) for line in file]
# What did not come at all is the worst of all.
if not all(pair[kind] and pair[kind]["measured"] for pair in call["pairs"] for kind in ("sees", "hears")):
    sys.exit("somebody does not see or hear somebody")
sights = [pair["sees"]["measured"] for pair in call["pairs"]]
sounds = [pair["hears"]["measured"] for pair in call["pairs"]]
gap = max(sight["longest_gap_ms"] for sight in sights)
frozen = max(sight["frozen_ms"] for sight in sights)
lost = max(stream["loss_percent"] for stream in sights + sounds)
growth = 100 * (max(memory) - min(memory)) / min(memory)
failed = False
for what, value, goal, is_met in [
    ("longest time between two pictures", f"{gap:.0f} ms", "1000 ms", gap <= 1000),
    ("packets lost, worst stream", f"{lost:.3f} %", "0 %", lost == 0),
    (f"memory, {min(memory) / 1024:.1f} to {max(memory) / 1024:.1f} MiB", f"{growth:.1f} %", "10 %", growth <= 10),
]:
    failed = failed or not is_met
    print(f"{what:<40} {value:<12} max. {goal:<10} {'met' if is_met else 'MISSED'}")
rate = sum(stream["kbps"] for stream in sights + sounds)
print(f"{call['seconds']} s, {len(call['participants'])} participants, {rate:.0f} kbit/s to all, frozen {frozen:.0f} ms at most")
sys.exit(failed)
