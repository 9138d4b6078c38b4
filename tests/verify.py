#!/usr/bin/env python3
"""Verifies cm-bot's audit trail, and what it exports, without cm-bot: Python's standard library is all that it needs.

    verify.py FOLDER [--key NAME+ID+BASE64] [--checkpoint FILE]...
    verify.py LOG [--key NAME+ID+BASE64] [--checkpoint FILE]... [--inspection FILE]...

FOLDER is what `cm-bot audit export` wrote; its README.txt says what is checked. LOG is `log.ndjson` in it, or the SQLite
database itself. Checked of it are: the numbers of the entries, the hash that each carries, the tree's root (RFC 6962,
section 2.1) against every checkpoint, the Ed25519 signature of every checkpoint (c2sp.org/signed-note), and that the gate
let nothing through which was not approved. An inspection (`inspections/MONTH.json`) is drawn again: the list must be the one
whose hash the trail holds, each draw must come out as the trail says, and be made with what had to draw. Ends with 0 when all
is well, with 1 and a sentence when not.
"""

import argparse
import base64
import csv
import datetime
import hashlib
import json
import os
import re
import sqlite3
import sys

START = "0" * 64

# Networks of drand that are known: when round 1 was made, and seconds between two rounds.
NETWORKS = {
    "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce": (1595431050, 30),
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971": (1692803367, 3),
}


class Bad(Exception):
    """What is wrong, as a sentence."""


# The trail


def entries_of(path):
    """Yields (number, body, hash) of each entry."""
    with open(path, "rb") as file:
        is_database = file.read(16).startswith(b"SQLite format 3")
    if is_database:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        yield from database.execute("SELECT seq, body, hash FROM audit_entries ORDER BY seq")
        return
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            yield entry["seq"], entry["body"], entry["hash"]


def checked(entries, keep=lambda number, body: None):
    """Checks numbers and hashes; gives back the leaves of the tree, and shows each number and body to `keep`."""
    leaves, previous = [], START
    for expected, (number, body, stored) in enumerate(entries, start=1):
        if number != expected:
            raise Bad(f"entry {expected} is missing: the next one is {number}")
        if hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest() != stored:
            raise Bad(f"entry {number} does not fit its hash: it, or one before it, was changed")
        leaves.append(hashlib.sha256(b"\x00" + body.encode()).digest())
        keep(number, body)
        previous = stored
    return leaves


def root(leaves):
    """The root of a tree over these leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()


def check_let_through(events):
    """Whatever the gate let through had been approved before, and that approval stood."""
    standing = {}
    for event in events:
        kind, of = event["event"], (event.get("ticket"), event.get("commit"))
        if kind == "approved_automatically":
            standing[of] = event["at"]
        elif kind == "approved_by_human" and event.get("commit"):
            standing[of] = event.get("approved_at")
        elif kind == "approval_voided":
            standing.pop(of, None)
        elif kind == "gate_allowed":
            where = f"entry {event['seq']}: the gate let {event['ticket']} through"
            if of not in standing:
                raise Bad(f"{where}, and no approval of this commit by it stands before that")
            if standing[of] not in (None, event["approved_at"]):
                raise Bad(f"{where} for an approval that was given at another time than the one that stood")


# Inspections


def check_inspection(path, events):
    """Draws a month again from its list; gives back the month, the number of its changes and of its draws."""
    with open(path, "rb") as file:
        data = file.read()
    claims = [event for event in events if event["event"] == "population_closed"]
    claim = next((event for event in claims if event["members_sha256"] == hashlib.sha256(data).hexdigest()), None)
    if claim is None:
        raise Bad(f"{path}: the trail knows no list like this: it was changed, or is of another trail")
    members = json.loads(data)
    keys = sorted(member["ticket"].encode() for member in members)
    claimed = root([hashlib.sha256(b"\x00" + key).digest() for key in keys]).hex()
    if claimed != claim["root"]:
        raise Bad(f"{path}: the root in the trail is not that of this list")
    chance = [m["ticket"] for m in members if m["approved"] == "machine" and not m["strata"]]
    later = events[events.index(claim) + 1 :]
    draws = [event for event in later if event["event"] == "inspection_drawn" and event["month"] == claim["month"]]
    for draw in draws:
        seed = sha256(f"prodcm-sample-v1\n{claim['month']}\n{claimed}\n{draw['entropy']}\n")
        ranked = sorted(chance, key=lambda ticket: (sha256(f"{seed}\n{ticket}\n"), ticket))
        if ranked[: draw["size"]] != draw["tickets"]:
            raise Bad(f"{path}: draw {draw['draw']} of {claim['month']} comes out otherwise")
    return claim["month"], len(members), len(draws), check_dice(claim["month"], events)


def check_dice(month, events):
    """Who makes the first draw of a month stands in the trail before; gives back how it was drawn, in words."""
    chain, closed, given_up, words = None, None, "", ""
    for event in events:
        if event["event"] == "drawing_changed":
            chain, before = (event["chain"], event["seq"]) if event.get("chain") else None, chain
            given_up = f", and entry {event['seq']} took the beacon away" if before and not chain else ""
        elif event.get("month") == month and event["event"] == "population_closed":
            closed = event["at"]
        elif event.get("month") == month and event["event"] == "inspection_drawn" and event["draw"] == 1:
            words = check_first_draw(event, chain, closed) + given_up
    return words


def check_first_draw(event, chain, closed):
    """A beacon that draws does it with its first round after the list was published."""
    month, by, rule = event["month"], event["brought_by"], event.get("beacon")
    round_of = re.fullmatch(r"drand ([^ ]+) round (\d+) [^ ]+", event["entropy"]) if by == "drand" else None
    if chain and (not round_of or round_of[1] != chain[0]):
        what = f"draw 1 of {month} was made with what {by} brought"
        raise Bad(f"{what}, and since entry {chain[1]} of the trail a beacon draws")
    if not round_of:
        return f", drawn with what {by} brought"
    number = int(round_of[2])
    if rule:
        if NETWORKS.get(round_of[1], (rule["genesis"], rule["period"])) != (rule["genesis"], rule["period"]):
            raise Bad(f"draw 1 of {month} counts rounds by other rules than those of the beacon")
        first = max(0, rule["after"] // 1000 - rule["genesis"]) // max(1, rule["period"]) + 2
        if number != first:
            what = f"draw 1 of {month} was made with round {number} of the beacon"
            raise Bad(f"{what}, and round {first} was the first after the list was published")
        made = (rule["genesis"] + (number - 1) * rule["period"]) * 1000
        if closed is None or rule["after"] < closed or made > event["at"]:
            what = f"draw 1 of {month} counts rounds from a moment"
            raise Bad(f"{what} that does not lie between the end of the list and the draw")
    return f", drawn by round {number} of the beacon {round_of[1][:8]}"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


# What was exported


def check_files(folder):
    """Checks that every file is there as it was written, and no other; gives back the SHA-256 of the list of them."""
    with open(os.path.join(folder, "SHA256SUMS"), "rb") as file:
        data = file.read()
    sums = {}
    for line in data.decode().split("\n")[:-1]:
        if not re.fullmatch(r"[0-9a-f]{64}  [^\r]+", line):
            raise Bad("SHA256SUMS was changed: a line is not of the form SUM, two spaces, NAME")
        sums[line[66:]] = line[:64]
    if "".join(f"{sums[name]}  {name}\n" for name in sorted(sums, key=str.encode)) != data.decode():
        raise Bad("SHA256SUMS was changed: it is not sorted, or names a file twice")
    there = set()
    for inner, _, names in os.walk(folder):
        there.update(os.path.relpath(os.path.join(inner, name), folder).replace(os.sep, "/") for name in names)
    there -= {"SHA256SUMS", "SHA256SUMS.sig"}
    if there != set(sums):
        raise Bad(f"files that are missing, or were added: {' '.join(sorted(there ^ set(sums)))}")
    for name, expected in sums.items():
        with open(os.path.join(folder, name), "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != expected:
                raise Bad(f"{name} was changed")
    return hashlib.sha256(data).hexdigest(), len(sums)


def check_bundle_signature(folder, digest, keys, is_wanted):
    """Checks who has signed the list of files; says it in words."""
    path = os.path.join(folder, "SHA256SUMS.sig")
    if not os.path.exists(path):
        if is_wanted:
            raise Bad("SHA256SUMS.sig is missing: nobody has signed the list of files")
        return "nobody has signed the list of files"
    text, about = read(folder, "SHA256SUMS.sig"), f"cm-bot evidence bundle\nsha256:{digest}\n"
    line = text[len(about) + 1 : -1]
    if text != f"{about}\n{line}\n" or "\n" in line:
        raise Bad("SHA256SUMS.sig is of another list of files, or was changed")
    if not any(is_signed(about, line, key) for key in keys):
        raise Bad("SHA256SUMS.sig: it is not signed with this key")
    return "the list of files is signed"


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return file.read()


def compact(value):
    """A value as cm-bot stores it: byte for byte what the SHA-256 in the trail was made of."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def in_period(at, totals):
    moment = lambda text: int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
    return moment(totals["from"]) <= at < moment(totals["to"])


# What of the trail tells of a change so that it has to be in the files.
TOLD = ("decided", "approved_automatically", "approved_by_human", "approval_voided", "gate_allowed", "deployment_ended")


def check_changes(folder, events, totals):
    """Holds the files of the changes against the trail, and the trail against them."""
    decided = {event["decision"]: event for event in events if event["event"] == "decided"}
    of_ticket, of_request, known, found, changes = {}, {}, set(), set(), []
    for event in events:
        of_ticket.setdefault(event.get("ticket"), []).append(event)
        of_request.setdefault(event.get("request"), []).append(event)
    for name in sorted(os.listdir(os.path.join(folder, "changes"))):
        if not name.endswith(".json"):
            continue
        change = json.loads(read(folder, f"changes/{name}"))
        if name != change["ticket"] + ".json":
            raise Bad(f"changes/{name} is the file of {change['ticket']}")
        # A ticket that was moved has had other keys: those of its decisions.
        keys = {change["ticket"]} | check_decisions(folder, f"changes/{name}", change, decided)
        told = sorted((event for key in keys for event in of_ticket.get(key, [])), key=lambda event: event["seq"])
        check_approvals(change, told)
        check_acts(change, told)
        check_gate(change, told, of_request)
        if change["entries"] != [event["seq"] for event in of_ticket.get(change["ticket"], [])]:
            raise Bad(f"{change['ticket']}: the numbers of its entries are not those of the trail")
        known |= keys
        found |= {decision["id"] for decision in change["decisions"]}
        changes.append(change)
    for event in events:
        if event["event"] not in TOLD or not in_period(event["at"], totals):
            continue
        if event["event"] == "decided" and event["decision"] not in found:
            raise Bad(f"decision {event['decision']} of {event['ticket']} is in the trail and in no file")
        if event["ticket"] not in known and (event["event"] != "approved_by_human" or "commit" in event):
            raise Bad(f"{event['ticket']}: entry {event['seq']} ({event['event']}) lies in the period, and it has no file")
    return changes


def check_decisions(folder, where, change, decided):
    """Each decision is the one in the trail; gives back the keys under which they were made."""
    keys = set()
    for decision in change["decisions"]:
        event = decided.get(decision["id"])
        if event is None:
            raise Bad(f"{where}: the trail knows no decision {decision['id']}")
        for key in ("facts", "decision"):
            if sha256(compact(decision[key])) != event[f"{key}_sha256"]:
                raise Bad(f"{where}: the {key} of decision {decision['id']} are not those in the trail")
        for key in ("evaluation", "verdict", "policy_digest"):
            if decision[key] != event[key]:
                raise Bad(f"{where}: the {key} of decision {decision['id']} is not that in the trail")
        if decision["decided_at"] != event["at"]:
            raise Bad(f"{where}: the time of decision {decision['id']} is not that in the trail")
        if decision["facts"]["ticket"]["id"] != change["issue"]:
            raise Bad(f"{where}: decision {decision['id']} is about another ticket")
        if not os.path.isdir(os.path.join(folder, "policy", decision["policy_digest"])):
            raise Bad(f"{where}: the criteria {decision['policy_digest']} are missing")
        keys.add(event["ticket"])
    return keys


def compare(what, file, trail):
    """Both say the same of `what`, or the first thing that differs is said."""
    for name, said in trail.items():
        if file.get(name) != said:
            raise Bad(f"{what}: {name} is {compact(file.get(name))} in the file and {compact(said)} in the trail")


def listed(texts):
    """`a, b and c`, as cm-bot writes it."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def check_approvals(change, told):
    """Who approved, in which role, when, or which decision did; and what was voided."""
    key, kinds = change["ticket"], ("approved_automatically", "approved_by_human", "approval_voided")
    # Without a commit nothing is deployed, and only the trail tells of the approval.
    told = [event for event in told if event["event"] in kinds and event.get("commit")]
    if len(told) != len(change["approvals"]):
        raise Bad(f"{key}: {len(change['approvals'])} approvals were given or voided in the file, and {len(told)} in the trail")
    for approval, event in zip(change["approvals"], told):
        file = {**approval, "by": listed([name for name, _ in approval["by"]])}
        file["roles"] = listed([role for _, role in approval["by"]])
        trail = {"mark": "given", "commit": event["commit"], "noted_at": event["at"], "by": "", "roles": ""}
        if event["event"] == "approval_voided":
            trail["mark"] = "voided"
        elif event["event"] == "approved_automatically":
            trail.update(decision=event["decision"], approved_at=event["at"])
        else:
            trail.update(decision=None, by=event["by"], roles=event["role"])
            trail.update({"approved_at": event["approved_at"]} if "approved_at" in event else {})
        compare(f"{key}: the approval of entry {event['seq']}", file, trail)


def check_acts(change, told):
    """What people said and did, and whether it was refused."""
    key, said = change["ticket"], {}
    for event in told:
        if event["event"] == "approval_act":
            said.setdefault(event["source"], []).append(event)
    acts = {f"{act['way']}:{act['source']}": act for act in change["acts"]}
    if missing := set(said) - set(acts):
        raise Bad(f"{key}: what people did is in the trail and not in the file: {' '.join(sorted(missing))}")
    for source, act in acts.items():
        if source not in said:
            raise Bad(f"{key}: the trail does not know what people did: {source}")
        file = {"account": act["account"], "acted_at": act["acted_at"], "refused": act["refused"], **act["deed"]}
        # Two processes may have told of one act.
        if not any(all(event.get(name) == value for name, value in file.items()) for event in said[source]):
            trail = {name: said[source][0].get(name) for name in file}
            compare(f"{key}: what was done at {source}, entry {said[source][0]['seq']}", file, trail)


def check_gate(change, told, of_request):
    """What pipelines asked, what was let through, and what became of it."""
    key, asked = change["ticket"], {request["request"]: request for request in change["gate"]}
    for event in told:
        if event["event"] in ("gate_ticket", "gate_allowed", "deployment_ended") and event["request"] not in asked:
            raise Bad(f"{key}: entry {event['seq']} ({event['event']}) tells of a request that is not in the file")
    for request in change["gate"]:
        of = {kind: [] for kind in ("gate_requested", "gate_allowed", "deployment_ended")}
        for event in of_request.get(request["request"], []):
            of.get(event["event"], []).append(event)
        where, deployment = f"{key}: the request {request['request']}", request["deployment"]
        if len(of["gate_requested"]) != 1:
            raise Bad(f"{where} is not in the trail")
        run = deployment["run"]
        name = f"{run['job']} build {run['build']}" + (f", attempt {run['attempt']}" if run["attempt"] > 1 else "")
        scope = f"{deployment['service']} to {deployment['environment']}"
        file = {**request, "run": name, "scope": scope, "commit": deployment["commit"]}
        event = of["gate_requested"][0]
        trail = {"requested_at": event["at"], **{part: event[part] for part in ("caller", "run", "scope", "commit")}}
        trail["used_at"] = of["gate_allowed"][0]["at"] if of["gate_allowed"] else None
        trail["outcomes"] = [[event["outcome"], event["at"], event["note"]] for event in of["deployment_ended"]]
        compare(where, file, trail)


def check_policies(folder):
    """Each folder is named by the digest of what is in it."""
    digests = sorted(os.listdir(os.path.join(folder, "policy")))
    for digest in digests:
        names = os.listdir(os.path.join(folder, "policy", digest))
        parts = ["criteria.toml", "people.toml"]
        texts = [read(folder, f"policy/{digest}/{name}") for name in parts]
        for name, file in (("criteria.sig", "criteria.toml.sig"), ("people.sig", "people.toml.sig"), ("allowed_signers",) * 2):
            if file in names:
                texts += [name, read(folder, f"policy/{digest}/{file}")]
        data = b"".join(len(text.encode()).to_bytes(8, "big") + text.encode() for text in texts)
        if hashlib.sha256(data).hexdigest() != digest:
            raise Bad(f"policy/{digest}: criteria and people are not those of this digest")
    return len(digests)


def table(folder, name):
    return list(csv.DictReader(read(folder, name).splitlines(keepends=True)))


def cell(text):
    """A text as a cell shows it: no program takes it for a formula."""
    text = text.replace("\0", "\ufffd")
    return "'" + text if text.lstrip(" \n").startswith(tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")) else text


def moment(at):
    """Milliseconds since 1970 as a cell has them; nothing when there are none."""
    at = None if at is None else datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def row_of(change):
    """What the population says of a change, as far as its file says it."""
    decision = change["decisions"][-1] if change["decisions"] else {"verdict": "", "policy_digest": ""}
    given = change["approvals"][-1] if change["approvals"] and change["approvals"][-1]["mark"] == "given" else None
    used = next((request for request in reversed(change["gate"]) if request["used_at"] is not None), None)
    by = ", ".join(f"{name} ({role})" for name, role in given["by"]) or "cm-bot" if given else ""
    cells = {
        "jira_id": change["issue"],
        "evaluations": str(len(change["decisions"])),
        "last_verdict": decision["verdict"],
        "policy_digest": decision["policy_digest"],
        "approved_at": moment(given["approved_at"]) if given else "",
        "approved_by": by,
        "commit": given["commit"] if given else "",
        "let_through_at": moment(used["used_at"]) if used else "",
        "outcome": used["outcomes"][-1][0] if used and used["outcomes"] else "",
        "emergency": "yes" if any(decision["verdict"] == "emergency" for decision in change["decisions"]) else "no",
    }
    return {name: cell(text) for name, text in cells.items()}


def check_lists(folder, changes, totals):
    """The population has the rows that the totals say, and they are the changes."""
    table_of, keys = table(folder, "population.csv"), {change["ticket"] for change in changes}
    rows = [row["ticket"] for row in table_of]
    if len(rows) != totals["rows"] or len(set(rows)) != len(rows) or set(rows) != keys:
        raise Bad("population.csv does not have the changes that are in changes/")
    if sha256("".join(f"{key}\n" for key in sorted(rows, key=str.encode))) != totals["keys_sha256"]:
        raise Bad("population.csv does not have the changes that the totals say")
    by_key = {row["ticket"]: row for row in table_of}
    for change in changes:
        for name, expected in row_of(change).items():
            if by_key[change["ticket"]][name] != expected:
                said = by_key[change["ticket"]][name]
                raise Bad(f"population.csv, {change['ticket']}: {name} is {said!r}, and {expected!r} in its file")


def check_samples(folder, events):
    """What was drawn and what inspectors found is what the trail says, and no month is left out."""
    samples = json.loads(read(folder, "samples.json"))
    closed = sorted(event["month"] for event in events if event["event"] == "population_closed")
    files = sorted(name[: -len(".json")] for name in os.listdir(os.path.join(folder, "inspections")))
    if files != closed or sorted(sample["month"] for sample in samples) != closed:
        raise Bad(f"inspections/ and samples.json do not have the months that the trail says: {' '.join(closed) or 'none'}")
    for sample in samples:
        of = lambda kind: [event for event in events if event["event"] == kind and event.get("month") == sample["month"]]
        for name, told in (("draws", of("inspection_drawn")), ("results", of("inspected"))):
            if len(sample[name]) != len(told):
                raise Bad(f"samples.json has {len(sample[name])} {name} of {sample['month']}, and the trail {len(told)}")
            for file, event in zip(sample[name], told):
                what = f"draw {event['draw']}" if name == "draws" else f"{event.get('ticket')}, what was found"
                where = f"samples.json, {sample['month']}, {what} in entry {event['seq']}"
                compare(where, file, {key: event.get(key) for key in file})


def check_documentation(folder, events):
    """What the documentation of each emergency said is there, as it was when it was complete."""
    told = {e["emergency"]: e["texts_sha256"] for e in events if e["event"] == "emergency_documented" and "texts_sha256" in e}
    names = os.listdir(os.path.join(folder, "emergencies")) if told or os.path.isdir(os.path.join(folder, "emergencies")) else []
    if sorted(names) != sorted(f"{emergency}.json" for emergency in told):
        raise Bad("emergencies/ does not have the documentations that the trail says")
    for emergency, digest in told.items():
        if sha256(read(folder, f"emergencies/{emergency}.json")) != digest:
            raise Bad(f"emergencies/{emergency}.json is not what was documented: the trail has another SHA-256")


HISTORY = ("policy_activated", "deciding_changed", "drawing_changed", "checkpoint_key", "rollback_acknowledged")


def check_history(folder, events):
    """Who set what, and when: as many rows as the trail has such entries, and the same."""
    told = [(str(event["seq"]), moment(event["at"]), event["event"]) for event in events if event["event"] in HISTORY]
    if [(row["entry"], row["at"], row["event"]) for row in table(folder, "config-history.csv")] != told:
        raise Bad("config-history.csv does not have the entries that the trail has")


def check_reconciliation(folder, events, totals):
    """Everything that was compared has its counterpart, or stands in the list of orphans."""
    compared = json.loads(read(folder, "reconciliation.json"))
    orphans = compared["orphans"]
    listed = sorted(row["kind"] for row in table(folder, "orphans.csv"))
    if listed != sorted(orphan["kind"] for orphan in orphans):
        raise Bad("orphans.csv and reconciliation.json do not agree")
    if any(listed.count(kind) != number for kind, number in totals["orphans"].items()) or set(listed) - set(totals["orphans"]):
        raise Bad("totals.json counts other orphans than those that are listed")
    seen = {name for orphan in orphans for name in orphan["seen"]}
    answers = [answer for answer in compared["answers"] if answer["in_period"]]
    allowed = {event["request"] for event in events if event["event"] == "gate_allowed" and in_period(event["at"], totals)}
    if missing := allowed - {answer["request"] for answer in answers}:
        raise Bad(f"the gate let through what was not compared: {' '.join(sorted(missing))}")
    if {answer["request"] for answer in compared["answers"]} - {e["request"] for e in events if e["event"] == "gate_allowed"}:
        raise Bad("reconciliation.json names answers of the gate that the trail does not know")
    check_traces(compared, events, totals)
    requests = {answer["request"] for answer in compared["answers"]}
    tickets = {ticket["ticket"] for ticket in compared["tickets"]}
    gone = [ticket["ticket"] for ticket in compared["tickets"] if ticket["in_jira"] is False]
    for what in [f"ticket {key}" for key in gone] + [f"ticket {answer['ticket']}" for answer in answers
                                                    if answer["ticket"] not in tickets]:
        if what not in seen:
            raise Bad(f"{what} misses its counterpart and is not listed as an orphan")
    for name in ("runs", "deployments"):
        used = [one["request"] for one in compared[name] if one["request"]]
        if len(used) != len(set(used)):
            raise Bad(f"reconciliation.json: two {name} are said to be let through by one answer")
        for one in compared[name]:
            if one["in_period"] and one["request"] not in requests and not one["emergency"] and one["id"] not in seen:
                raise Bad(f"{one['id']} went past the gate and is not listed as an orphan")
        number = totals["numbers"][name]
        if isinstance(number, int) and number != sum(one["in_period"] for one in compared[name]):
            raise Bad(f"totals.json counts other {name} than those that were compared")
    for name, number in (("gate_answers", len(answers)), ("tickets", len(tickets))):
        said = totals["numbers"][name]
        if isinstance(said, int) and said != number:
            raise Bad(f"totals.json counts other {name.replace('_', ' ')} than those that were compared")
    return len(orphans)


def read_event(number, body):
    """An entry as what it says, with its number."""
    return {**json.loads(body), "seq": number}


def words_of_inspection(path, events):
    month, changes, draws, how = check_inspection(path, events)
    return f"inspection of {month}: {changes} changes, {draws} draws made again{how}"


def check_traces(compared, events, totals):
    """Answers of the gate are as in the trail, and nothing is said to be an emergency, or out of the period, that is not."""
    allowed = {event["request"]: event for event in events if event["event"] == "gate_allowed"}
    ended = {event["request"]: event["outcome"] for event in events if event["event"] == "deployment_ended"}
    emergencies = {e["source"] for e in events if e["event"] == "orphan_deployment" and e.get("emergency")}
    for answer in compared["answers"]:
        event = allowed[answer["request"]]
        trail = {name: event[name] for name in ("ticket", "scope", "commit", "at")}
        where = f"reconciliation.json, {event['ticket']}: the answer of entry {event['seq']}"
        compare(where, answer, {**trail, "ending": ended.get(answer["request"])})
    for one in compared["runs"] + compared["deployments"]:
        if one["emergency"] and one["id"] not in emergencies:
            raise Bad(f"reconciliation.json: {one['id']} is said to belong to an emergency, and the trail does not know of it")
    for one in compared["answers"] + compared["runs"] + compared["deployments"]:
        if one["in_period"] != in_period(one["at"], totals):
            name = one.get("ticket") or one["id"]
            raise Bad(f"reconciliation.json: {name} is said to lie {'in' if one['in_period'] else 'outside of'} the period")


def check_bundle(folder, key, kept):
    """Verifies everything in an exported folder; says in lines what was verified."""
    digest, files = check_files(folder)
    keys = [key] if key else read(folder, "keys.txt").split()
    yield f"{files} files as they were written; {check_bundle_signature(folder, digest, keys, key is not None)}"
    events, totals = [], json.loads(read(folder, "totals.json"))
    keep = lambda number, body: events.append(read_event(number, body))
    leaves = checked(entries_of(os.path.join(folder, "log.ndjson")), keep)
    notes = [os.path.join(folder, "checkpoints", name) for name in sorted(os.listdir(os.path.join(folder, "checkpoints")))]
    for path in notes + kept:
        with open(path, encoding="utf-8") as file:
            check_checkpoint(file.read(), leaves, keys, path)
    whose = "the key that was given" if key else "the keys in keys.txt: compare them with those that you were given elsewhere"
    yield f"{len(leaves)} entries, consistent with {len(notes) + len(kept)} checkpoints, signed with {whose}"
    if totals["collected_up_to"] != len(leaves):
        said = f"totals.json says that the changes were collected up to entry {totals['collected_up_to']}"
        raise Bad(f"{said}, and log.ndjson has {len(leaves)}: export again, because the others were held against nothing")
    check_let_through(events)
    check_samples(folder, events)
    check_documentation(folder, events)
    for name in sorted(os.listdir(os.path.join(folder, "inspections"))):
        yield words_of_inspection(os.path.join(folder, "inspections", name), events)
    changes = check_changes(folder, events, totals)
    check_lists(folder, changes, totals)
    check_history(folder, events)
    decisions, policies = sum(len(change["decisions"]) for change in changes), check_policies(folder)
    yield f"{len(changes)} changes with {decisions} decisions, each as the trail says; {policies} policies"
    orphans = check_reconciliation(folder, events, totals)
    names = ("tickets", "gate_answers", "runs", "deployments")
    numbers = " · ".join(f"{name.replace('_', ' ')} {totals['numbers'][name]}" for name in names)
    yield f"{numbers}; {orphans} without a counterpart"
    yield from (f"not compared: {gap}" for gap in totals["gaps"])
    yield f"ok: {totals['from']} to {totals['to']}, root {base64.b64encode(root(leaves)).decode()}"


# Checkpoints


def check_checkpoint(text, leaves, keys, path="checkpoint"):
    """Checks one checkpoint against the trail, and its signature when keys are given: one of them must have made it."""
    keys = [keys] if isinstance(keys, str) else keys
    signed, separator, signatures = text.partition("\n\n")
    lines = signed.split("\n")
    if not separator or len(lines) < 3 or not lines[1].isascii() or not lines[1].isdigit():
        raise Bad("a checkpoint is not of the form origin, size, root, empty line, signatures")
    size, claimed = int(lines[1]), base64.b64decode(lines[2], validate=True)
    if keys and not any(is_signed(signed + "\n", line, key) for line in signatures.split("\n") for key in keys):
        raise Bad(f"{path}: it is not signed with this key")
    if size > len(leaves):
        raise Bad(f"size {len(leaves)} < checkpoint {size}: entries at the end are missing")
    if root(leaves[:size]) != claimed:
        raise Bad(f"inconsistent with checkpoint {size}: the trail was written again")
    return size


def is_signed(text, line, key):
    """Whether a line below a checkpoint is a valid signature with the key."""
    name, identity, encoded = key.split("+", 2)
    public = base64.b64decode(encoded)
    if public[:1] != b"\x01":
        raise Bad("the key is not an Ed25519 key")
    if hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() != identity:
        raise Bad("the key does not fit its id")
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or parts[1] != name:
        return False
    signature = base64.b64decode(parts[2], validate=True)
    if base64.b64encode(signature).decode() != parts[2]:
        return False
    return signature[:4].hex() == identity and ed25519_verify(public[1:], text.encode(), signature[4:])


# Ed25519 (RFC 8032, section 5.1.7), with points as x, y, z, x·y/z

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    p, q, r, s = f - e, h - g, h + g, f + e
    return p * q % P, r * s % P, q * r % P, p * s % P


def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def decoded(data):
    """The point that 32 bytes stand for, or none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    if len(signature) != 64 or len(public) != 32:
        return False
    a, r = decoded(public), decoded(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = times(s, BASE)
    right = add(r, times(int.from_bytes(digest, "little") % L, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    same_y = (left[1] * right[2] - right[1] * left[2]) % P == 0
    return same_x and same_y


# What is read of a log that stands alone.
KEPT = ("approved_automatically", "approved_by_human", "approval_voided", "gate_allowed", "population_closed",
        "inspection_drawn", "drawing_changed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", metavar="FOLDER|LOG")
    parser.add_argument("--key", metavar="NAME+ID+BASE64", help="the public key of the checkpoints")
    parser.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="one that was kept elsewhere")
    parser.add_argument("--inspection", metavar="FILE", action="append", default=[], help="what was drawn of, of a month")
    arguments = parser.parse_args()
    events = []

    def keep(number, body):
        if any(f'"{kind}"' in body for kind in KEPT):
            event = read_event(number, body)
            events.extend([event] if event.get("event") in KEPT else [])

    try:
        if os.path.isdir(arguments.log):
            for line in check_bundle(arguments.log, arguments.key, arguments.checkpoint):
                print(line)
            return 0
        leaves = checked(entries_of(arguments.log), keep)
        for path in arguments.checkpoint:
            with open(path, encoding="utf-8") as file:
                size = check_checkpoint(file.read(), leaves, arguments.key, path)
            signed = "signed with this key" if arguments.key else "signature not checked: no key given"
            print(f"checkpoint {size}: consistent, {signed}")
        check_let_through(events)
        for path in arguments.inspection:
            print(words_of_inspection(path, events))
    except (Bad, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, sqlite3.Error) as error:
        print(f"bad: {error}")
        return 1
    print(f"ok: {len(leaves)} entries, root {base64.b64encode(root(leaves)).decode()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
