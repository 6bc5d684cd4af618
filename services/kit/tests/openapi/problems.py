"""A check of schemathesis: whatever goes wrong is a problem of the catalogue, in the form of RFC 9457. In: `RERP_PROBLEMS`, a file with the types of
all kinds. It looks at every answer, those to methods and routes that no document has among them."""

import json
import os

import schemathesis

with open(os.environ["RERP_PROBLEMS"], encoding="utf-8") as file:
    KINDS = frozenset(json.load(file))


@schemathesis.check
def every_error_is_a_catalogued_problem(ctx, response, case):
    if response.status_code < 400:
        return
    media = response.headers.get("content-type", ["none"])[0]
    assert media == "application/problem+json", f"an error of the media type {media}"
    problem = json.loads(response.content)
    assert problem.get("type") in KINDS, f"{problem.get('type')} is in no catalogue"
    assert problem.get("status") == response.status_code, "the problem and the answer differ in their status"
    assert problem.get("title"), "a problem without a title"
