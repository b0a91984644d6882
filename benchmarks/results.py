"""Everything that one run of the benchmarks found out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import Figures
from benchmarks.packages import Package
from benchmarks.throughput import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """By subject's name, but for growth: by the size of the table, by the length of the history."""

    interpreter: str
    payments: Mapping[str, Figures]
    cuts: Mapping[str, Figures]
    functions: Mapping[str, Figures]
    sizes: Mapping[int, Mapping[str, Figures]]
    histories: Mapping[int, Mapping[str, Figures]]
    loads: Sequence[Load]
    packages: Sequence[Package]
