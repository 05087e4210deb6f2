"""The answer of flows/access-log.ts, computed without DaoFlow: NDJSON rows on standard output, damaged lines counted on standard error."""
import json
import sys

MINUTE = 60_000


def utf16_length(text):
    """What JavaScript calls the length of a string."""
    return len(text) + sum(1 for c in text if c > "\uffff")


def refuse(name):
    raise ValueError(name)


windows = {}
damaged = 0
lengths = {}
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        line = line.rstrip(b"\n")
        if not line:
            continue
        try:
            event = json.loads(line.decode("utf-8"), parse_constant=refuse)
        except ValueError:
            damaged += 1
            continue
        if event["status"] >= 400 or event["method"] == "HEAD":
            continue
        start = event["at"] - event["at"] % MINUTE
        cell = windows.get((event["host"], start))
        if cell is None:
            cell = windows[(event["host"], start)] = [0, 0, 0.0, float("-inf"), set(), 0, 0]
        cell[0] += 1
        cell[1] += event["bytes"]
        cell[2] += event["seconds"]
        cell[3] = max(cell[3], event["seconds"])
        user = event.get("user")
        cell[4].add("-" if user is None else user)
        for place, field in ((5, "path"), (6, "agent")):
            text = event[field]
            length = lengths.get(text)
            if length is None:
                length = lengths[text] = utf16_length(text)
            cell[place] += length

for (host, start), (requests, size, seconds, slowest, users, path_length, agent_length) in windows.items():
    print(
        json.dumps(
            {
                "key": host,
                "start": start,
                "end": start + MINUTE,
                "revision": 0,
                "requests": requests,
                "bytes": size,
                "seconds": seconds,
                "slowest": slowest,
                "users": len(users),
                "pathLength": path_length,
                "agentLength": agent_length,
            }
        )
    )
print(json.dumps({"damaged": damaged}), file=sys.stderr)
