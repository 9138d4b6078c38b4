"""state.py PLAN SCHEMA: the state that applying PLAN would leave, for a plan of the next change without any account.

It is no real state: what only the provider could know is made up or left open.
"""

import json
import sys


# What nothing works without. All else that only the provider could know is empty or left open.
KNOWN = {"id": "made-up", "arn": "arn:aws:made-up"}
EMPTY = {"map": {}, "list": [], "set": []}


def filled(values, unknown, block):
    """The values of a resource, with nothing left that is known only after apply."""
    found = {name: values.get(name) for name in block.get("attributes", {})}
    for name, nested in block.get("block_types", {}).items():
        found[name] = values.get(name, None if nested["nesting_mode"] == "single" else [])
    for name, attribute in block.get("attributes", {}).items():
        if unknown.get(name) is True:
            found[name] = KNOWN.get(name, EMPTY.get(attribute.get("type", "")[0]))
        if attribute.get("type") == "dynamic" and found[name] is not None:
            found[name] = {"value": found[name], "type": "string"}
    return found


def main(plan, schemas):
    changes = [change for change in plan["resource_changes"] if change["mode"] == "managed"]
    resources = []
    for change in changes:
        schema = schemas["provider_schemas"][change["provider_name"]]["resource_schemas"][change["type"]]
        values = filled(change["change"]["after"], change["change"]["after_unknown"], schema["block"])
        instance = {"schema_version": schema["version"], "attributes": values}
        if "index" in change:
            instance["index_key"] = change["index"]
        resource = {
            "mode": "managed",
            "type": change["type"],
            "name": change["name"],
            "provider": f'provider["{change["provider_name"]}"]',
            "instances": [instance],
        }
        if "module_address" in change:
            resource["module"] = change["module_address"]
        resources.append(resource)
    return {
        "version": 4,
        "terraform_version": plan["terraform_version"],
        "serial": 1,
        "lineage": "00000000-0000-4000-8000-000000000000",
        "outputs": {},
        "resources": resources,
        "check_results": None,
    }


with open(sys.argv[1]) as plan, open(sys.argv[2]) as schemas:
    json.dump(main(json.load(plan), json.load(schemas)), sys.stdout)
