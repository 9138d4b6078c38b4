#!/usr/bin/env python3
"""Verifies cm-bot's audit trail, and what it exports, without cm-bot: Python's standard library is all that it needs.

    verify.py FOLDER [--key NAME+ID+BASE64] [--checkpoint FILE]...
    verify.py LOG [--key NAME+ID+BASE64] [--checkpoint FILE]... [--inspection FILE]...

FOLDER is what `cm-bot audit export` wrote; its README.txt says what is checked. LOG is `log.ndjson` in it, or the SQLite
database itself. Checked of it are: the numbers of the entries, the hash that each carries, the tree's root (RFC 6962,
section 2.1) against every checkpoint, and the Ed25519 signature of every checkpoint (c2sp.org/signed-note). An inspection
(`inspections/MONTH.json`) is drawn again: the list must be the one whose hash the trail holds, and each draw must come out
as the trail says. Ends with 0 when all is well, with 1 and a sentence when not.
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


def checked(entries, keep=lambda body: None):
    """Checks numbers and hashes; gives back the leaves of the tree, and shows each body to `keep`."""
    leaves, previous = [], START
    for expected, (number, body, stored) in enumerate(entries, start=1):
        if number != expected:
            raise Bad(f"entry {expected} is missing: the next one is {number}")
        if hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest() != stored:
            raise Bad(f"entry {number} does not fit its hash: it, or one before it, was changed")
        leaves.append(hashlib.sha256(b"\x00" + body.encode()).digest())
        keep(body)
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
    return claim["month"], len(members), len(draws)


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


def check_changes(folder, events, totals):
    """Holds the decisions in the files of the changes against those in the trail."""
    decided = {event["decision"]: event for event in events if event["event"] == "decided"}
    keys, found = set(), set()
    for name in sorted(os.listdir(os.path.join(folder, "changes"))):
        if not name.endswith(".json"):
            continue
        change = json.loads(read(folder, f"changes/{name}"))
        if name != change["ticket"] + ".json":
            raise Bad(f"changes/{name} is the file of {change['ticket']}")
        keys.add(change["ticket"])
        for decision in change["decisions"]:
            event = decided.get(decision["id"])
            if event is None:
                raise Bad(f"changes/{name}: the trail knows no decision {decision['id']}")
            for key in ("facts", "decision"):
                if sha256(compact(decision[key])) != event[f"{key}_sha256"]:
                    raise Bad(f"changes/{name}: the {key} of decision {decision['id']} are not those in the trail")
            for key in ("evaluation", "verdict", "policy_digest"):
                if decision[key] != event[key]:
                    raise Bad(f"changes/{name}: the {key} of decision {decision['id']} is not that in the trail")
            if not os.path.isdir(os.path.join(folder, "policy", decision["policy_digest"])):
                raise Bad(f"changes/{name}: the criteria {decision['policy_digest']} are missing")
            found.add(decision["id"])
    for event in decided.values():
        if event["seq"] <= totals["collected_up_to"] and in_period(event["at"], totals) and event["decision"] not in found:
            raise Bad(f"decision {event['decision']} of {event['ticket']} is in the trail and in no file")
    return keys, len(found)


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


def check_lists(folder, keys, totals):
    """The population has the rows that the totals say, and they are the changes."""
    rows = [row["ticket"] for row in table(folder, "population.csv")]
    if len(rows) != totals["rows"] or len(set(rows)) != len(rows) or set(rows) != keys:
        raise Bad("population.csv does not have the changes that are in changes/")
    if sha256("".join(f"{key}\n" for key in sorted(rows, key=str.encode))) != totals["keys_sha256"]:
        raise Bad("population.csv does not have the changes that the totals say")


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
    allowed = {event["request"] for event in events if event["event"] == "gate_allowed"
               and event["seq"] <= totals["collected_up_to"] and in_period(event["at"], totals)}
    if missing := allowed - {answer["request"] for answer in answers}:
        raise Bad(f"the gate let through what was not compared: {' '.join(sorted(missing))}")
    if {answer["request"] for answer in compared["answers"]} - {e["request"] for e in events if e["event"] == "gate_allowed"}:
        raise Bad("reconciliation.json names answers of the gate that the trail does not know")
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


def check_bundle(folder, key, kept):
    """Verifies everything in an exported folder; says in lines what was verified."""
    digest, files = check_files(folder)
    keys = [key] if key else read(folder, "keys.txt").split()
    yield f"{files} files as they were written; {check_bundle_signature(folder, digest, keys, key is not None)}"
    events, totals = [], json.loads(read(folder, "totals.json"))
    leaves = checked(entries_of(os.path.join(folder, "log.ndjson")), lambda body: events.append(json.loads(body)))
    for number, event in enumerate(events, start=1):
        event["seq"] = number
    notes = [os.path.join(folder, "checkpoints", name) for name in sorted(os.listdir(os.path.join(folder, "checkpoints")))]
    for path in notes + kept:
        with open(path, encoding="utf-8") as file:
            check_checkpoint(file.read(), leaves, keys, path)
    whose = "the key that was given" if key else "the keys in keys.txt: compare them with those that you were given elsewhere"
    yield f"{len(leaves)} entries, consistent with {len(notes) + len(kept)} checkpoints, signed with {whose}"
    for name in sorted(os.listdir(os.path.join(folder, "inspections"))):
        month, changes, draws = check_inspection(os.path.join(folder, "inspections", name), events)
        yield f"inspection of {month}: {changes} changes, {draws} draws made again"
    keys_of_changes, decisions = check_changes(folder, events, totals)
    check_lists(folder, keys_of_changes, totals)
    yield f"{len(keys_of_changes)} changes with {decisions} decisions, each as the trail says; {check_policies(folder)} policies"
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", metavar="FOLDER|LOG")
    parser.add_argument("--key", metavar="NAME+ID+BASE64", help="the public key of the checkpoints")
    parser.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="one that was kept elsewhere")
    parser.add_argument("--inspection", metavar="FILE", action="append", default=[], help="what was drawn of, of a month")
    arguments = parser.parse_args()
    events = []

    def keep(body):
        if '"population_closed"' in body or '"inspection_drawn"' in body:
            events.append(json.loads(body))

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
        for path in arguments.inspection:
            month, changes, draws = check_inspection(path, events)
            print(f"inspection of {month}: {changes} changes, {draws} draws made again")
    except (Bad, ValueError, KeyError, OSError, sqlite3.Error) as error:
        print(f"bad: {error}")
        return 1
    print(f"ok: {len(leaves)} entries, root {base64.b64encode(root(leaves)).decode()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
