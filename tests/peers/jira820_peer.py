"""Serves jira820, a Jira Data Center that somebody else wrote, on a free port of this machine, and prints the port.

What it lacks for a login and for a form is put in front of it, and nothing else is changed:
- A token belongs to an account (TOKENS, JSON: token to account); it takes any token for one fixed account.
- The form of new tickets comes in two steps, made of its own form in one step, which Jira 9 removed.
- A ticket is found by its number, too.
"""

import json
import os
import re
import socket

import uvicorn
from fastapi import Request
from fastapi.responses import JSONResponse
from jira820.config import load_config
from jira820.serialize import iid
from jira820.server import make_app
from jira820.server_read import createmeta

TOKENS = json.loads(os.environ["TOKENS"])

config = load_config()
app = make_app(config=config)
app.state.store.users.update({name: {"name": name, "displayName": name.title()} for name in TOKENS.values()})


def page(values):
    return {"maxResults": 50, "startAt": 0, "total": len(values), "isLast": True, "values": values}


def types(request):
    return createmeta(request)["projects"][0]["issuetypes"]


@app.get("/rest/api/2/issue/createmeta/{project}/issuetypes")
def issue_types(project: str, request: Request):
    return page([{key: kind[key] for key in ("self", "id", "name", "subtask")} for kind in types(request)])


@app.get("/rest/api/2/issue/createmeta/{project}/issuetypes/{kind}")
def form(project: str, kind: str, request: Request):
    fields = next(one["fields"] for one in types(request) if one["id"] == kind)
    return page([{"fieldId": name, "hasDefaultValue": False, "operations": ["set"], **field} for name, field in fields.items()])


@app.middleware("http")
async def log_in(request: Request, call_next):
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or token not in TOKENS:
        return JSONResponse({"errorMessages": ["You are not authenticated."], "errors": {}}, status_code=401)
    config.current_user = TOKENS[token]
    numbered = re.fullmatch(r"(/rest/api/2/issue/)(\d+)(/.*)?", request.scope["path"])
    if numbered:
        before, number, after = numbered.groups()
        key = next((key for key in app.state.store.issues if iid(key) == number), number)
        request.scope["path"] = f"{before}{key}{after or ''}"
    return await call_next(request)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
