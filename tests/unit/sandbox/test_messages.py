"""Requests as vendors read them: a parameter may come more than once."""

from __future__ import annotations

import json
from http.client import HTTPConnection

from local.sandbox.http_server import HOST, Port
from local.sandbox.messages import Query, Reply, Request, Response


def test_a_repeated_parameter_reads_as_its_last_text_and_as_all_of_them() -> None:
    query = Query.parse("status=A&limit=1&status=B&empty=")
    assert dict(query) == {"status": "B", "limit": "1", "empty": ""}
    assert query.every("status") == ["A", "B"]
    assert query.every("limit") == ["1"]
    assert query.every("absent") == []


def test_a_kept_request_has_its_repeated_parameters_still() -> None:
    request = Request("GET", "/payments", Query.parse("status=A&status=B"))
    kept = Request.from_document(json.loads(json.dumps(request.to_document())))
    assert kept.query.every("status") == ["A", "B"]


def test_repeated_parameters_come_over_the_wire() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return Reply(Response(204))

    port = Port("vendor", 0, answer)
    port.open()
    try:
        client = HTTPConnection(HOST, port.number, timeout=10)
        client.request("GET", "/payments?status=A&status=B%20C&status=")
        assert client.getresponse().status == 204
        client.close()
    finally:
        port.close()
    assert seen[0].query.every("status") == ["A", "B C", ""]
