"""A machine's no, with the answer that says so in the vendor's own form."""

from __future__ import annotations

from local.sandbox.messages import Response


class Refused(Exception):
    """A refusal. Raised before anything is written, because the transaction goes on to commit."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
