"""Media types a request comes with and those it takes."""

from __future__ import annotations

from local.sandbox.medfusion.refusals import refused
from local.sandbox.messages import Request


def check(request: Request, sends: str, takes: str) -> None:
    """415 for a body of another type, 406 where the answer's type is not wanted; raises Refused."""
    given = request.headers.get("content-type", "")
    if (given or request.method == "POST") and _type(given) != sends:
        raise refused(415)
    wanted = [_type(each) for each in request.headers.get("accept", "*/*").split(",")]
    if not {"*/*", f"{takes.partition('/')[0]}/*", takes} & set(wanted):
        raise refused(406)


def _type(text: str) -> str:
    return text.partition(";")[0].strip().lower()
