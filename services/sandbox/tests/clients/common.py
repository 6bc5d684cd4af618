"""What the tests of official clients share: where the stand-ins are, and what no vendor has."""

import json
import os
import urllib.parse
import urllib.request

BASE = os.environ["RERP_SANDBOX"].rstrip("/")


def control(method, path, body=None):
    """Asks one of the routes below `/sandbox`."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def messages(to):
    """What came to an address or a number, oldest first."""
    return control("GET", "/sandbox/messages?to=" + urllib.parse.quote(to, safe=""))["messages"]
