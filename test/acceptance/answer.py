"""The same question answered without the engine: per minute and status, requests, bytes and the slowest."""
import json, sys

totals = {}
for raw in open(sys.argv[1], "rb"):
    try:
        event = json.loads(raw)
    except ValueError:
        continue
    if event["method"] != "GET":
        continue
    key = (event["status"], event["at"] // 60000 * 60000)
    n, size, slowest = totals.get(key, (0, 0, 0.0))
    totals[key] = (n + 1, size + event["bytes"], max(slowest, float(event["ms"])))
for (status, start), (n, size, slowest) in sorted(totals.items()):
    print(f"{status} {start} {n} {size} {slowest!r}")
