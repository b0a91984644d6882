"""Identifiers, from a passed-in source of randomness so that a simulation can repeat itself."""

from __future__ import annotations

import random
import uuid


class Ids:
    """Pass random.SystemRandom() to serve, random.Random(seed) to simulate."""

    def __init__(self, source: random.Random) -> None:
        self._source = source

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._source.getrandbits(128), version=4))

    def number(self) -> int:
        """Nine digits."""
        return self._source.randrange(100_000_000, 1_000_000_000)

    def hex32(self) -> str:
        return uuid.UUID(self.uuid()).hex
