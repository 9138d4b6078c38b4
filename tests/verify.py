#!/usr/bin/env python3
"""Verifies cm-bot's audit trail without cm-bot: Python's standard library is all that it needs.

    verify.py LOG [--key NAME+ID+BASE64] [--checkpoint FILE]... [--inspection FILE]...

LOG is `log.ndjson` from `cm-bot audit export`, or the SQLite database itself. Checked are: the numbers of the entries,
the hash that each carries, the tree's root (RFC 6962, section 2.1) against every checkpoint, and the Ed25519 signature of
every checkpoint (c2sp.org/signed-note). An inspection (`inspections/MONTH.json`) is drawn again: the list must be the one
whose hash the trail holds, and each draw must come out as the trail says. Ends with 0 when all is well, with 1 and a
sentence when not.
"""

import argparse
import base64
import hashlib
import json
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


# Checkpoints


def check_checkpoint(text, leaves, key, path="checkpoint"):
    """Checks one checkpoint against the trail, and its signature when a key is given."""
    signed, separator, signatures = text.partition("\n\n")
    lines = signed.split("\n")
    if not separator or len(lines) < 3 or not lines[1].isascii() or not lines[1].isdigit():
        raise Bad("a checkpoint is not of the form origin, size, root, empty line, signatures")
    size, claimed = int(lines[1]), base64.b64decode(lines[2], validate=True)
    if key and not any(is_signed(signed + "\n", line, key) for line in signatures.split("\n")):
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
    signature = base64.b64decode(parts[2])
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
    parser.add_argument("log", metavar="LOG")
    parser.add_argument("--key", metavar="NAME+ID+BASE64", help="the public key of the checkpoints")
    parser.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="one that was kept elsewhere")
    parser.add_argument("--inspection", metavar="FILE", action="append", default=[], help="what was drawn of, of a month")
    arguments = parser.parse_args()
    events = []

    def keep(body):
        if '"population_closed"' in body or '"inspection_drawn"' in body:
            events.append(json.loads(body))

    try:
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
