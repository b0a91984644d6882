"""The tables of docs/performance.md, from the results of one run."""

from collections.abc import Iterable, Sequence

from benchmarks.figures import Figures
from benchmarks.goals import GOALS
from benchmarks.prices import Cost, cost_of
from benchmarks.results import Results
from benchmarks.subjects import (
    BY_HAND,
    BYTECODE,
    CUTS,
    FLOOR,
    OURS,
    OURS_REPLAY,
    OURS_STATUS,
    OURS_WITH_CLAIMS,
    POWERTOOLS,
    TRIMMED,
)

_MB = 1024 * 1024


def payments(results: Results) -> str:
    """Payhub beside the references."""
    found = results.payments
    base, floor, hand = found[POWERTOOLS], found[FLOOR], found[BY_HAND]
    headings = ("", "init", "of floor", "first", "of Powertools", "warm", "of Powertools")
    return table(
        (*headings, "of by hand", "peak memory"),
        (
            (
                *(name, ms(it.init_ms), ratio(it.init_ms, floor.init_ms)),
                *(ms(it.first_ms), ratio(it.first_ms, base.first_ms)),
                *(ms(it.warm_ms), ratio(it.warm_ms, base.warm_ms), ratio(it.warm_ms, hand.warm_ms)),
                f"{it.peak_mb:.0f} MB",
            )
            for name, it in found.items()
        ),
    )


def bills(results: Results) -> str:
    """What one warm request asks of AWS."""
    return table(
        ("", "AWS requests", "write units, table", "write units, indexes", "read units", "logged"),
        (
            (
                *(name, requests(it), number(it.units.base_write), number(it.units.index_write)),
                *(number(it.units.read), f"{it.bytes_logged:.0f} B"),
            )
            for name, it in results.payments.items()
        ),
    )


def dollars(results: Results) -> str:
    """A million of each."""
    return table(
        (
            "A million of",
            "table",
            "functions",
            "logs",
            "without gateway",
            "API Gateway",
            "together",
        ),
        (_dollars(name, it) for name, it in results.payments.items() if name != FLOOR),
    )


def _dollars(name: str, it: Figures) -> Sequence[str]:
    cost = _cost(it, vendor_calls=0.0 if name in (OURS_STATUS, OURS_REPLAY) else 1.0)
    parts = (cost.table, cost.functions, cost.logs, cost.without_gateway, cost.gateway, cost.total)
    return (name, *(f"{part:.2f}" for part in parts))


def _cost(it: Figures, vendor_calls: float) -> Cost:
    return cost_of(
        units=it.units,
        requests=it.requests,
        cpu_seconds=it.warm_ms / 1000,
        vendor_calls=vendor_calls,
        memory_mb=it.memory_mb,
        bytes_logged=it.bytes_logged,
        behind_gateway=True,
    )


def functions(results: Results) -> str:
    """One row each."""
    floor = results.functions[FLOOR]
    return table(
        (
            *("Function", "init of floor", "first", "warm", "AWS requests"),
            *("write units", "read units", "dollars"),
        ),
        (
            (
                *(name, ratio(it.init_ms, floor.init_ms), ms(it.first_ms), ms(it.warm_ms)),
                *(requests(it), number(it.units.base_write) + " + " + number(it.units.index_write)),
                *(number(it.units.read), f"{_cost(it, vendor_calls=0).without_gateway:.2f}"),
            )
            for name, it in results.functions.items()
        ),
    )


def cuts(results: Results) -> str:
    """Each figure with the cut and without it."""
    names = {**CUTS, BYTECODE: BYTECODE, TRIMMED: TRIMMED}
    headings = ("Cut", "init without : with", "first", "warm", "AWS requests", "logged")
    return table(headings, (_cut(results, name, words) for name, words in names.items()))


def _cut(results: Results, name: str, words: str) -> Sequence[str]:
    kind = {"light_imports": OURS_STATUS, "carried_in_hand": OURS_WITH_CLAIMS}.get(name, OURS)
    without, kept = results.cuts[name], results.cuts[kind]
    return (
        words,
        ratio(without.init_ms, kept.init_ms),
        ratio(without.first_ms, kept.first_ms),
        ratio(without.warm_ms, kept.warm_ms),
        f"{number(without.aws_requests)} : {number(kept.aws_requests)}",
        f"{without.bytes_logged:.0f} : {kept.bytes_logged:.0f} B",
    )


def growth(results: Results) -> str:
    """By the size of the table."""
    sizes = list(results.sizes)
    names = list(results.sizes[sizes[0]])
    return table(
        ("Operation", *(f"{size:,} in the table" for size in sizes)),
        ((name, *(bill(results.sizes[size][name]) for size in sizes)) for name in names),
    )


def histories(results: Results) -> str:
    """By the length of the history."""
    lengths = list(results.histories)
    names = list(results.histories[lengths[0]])
    return table(
        ("Operation", *(f"{length} entries" for length in lengths)),
        ((name, *(bill(results.histories[it][name]) for it in lengths)) for name in names),
    )


def loads(results: Results) -> str:
    """By how much is asked at once."""
    first = results.loads[0].per_second
    return table(
        ("At once", "payments a second, of one at a time", "cores: process", "endpoint"),
        (
            (
                *(str(it.concurrency), ratio(it.per_second, first), f"{it.cores:.2f}"),
                f"{it.endpoint_cores:.2f}",
            )
            for it in results.loads
        ),
    )


def packages(results: Results) -> str:
    """Sizes."""
    return table(
        ("", "unpacked", "zipped"),
        (
            (it.name, f"{it.unpacked_bytes / _MB:.1f} MB", f"{it.zipped_bytes / _MB:.1f} MB")
            for it in results.packages
        ),
    )


def goals(results: Results) -> str:
    """Where each stands."""
    rows = []
    for goal in GOALS:
        reached = goal.measure(results)
        stands = "reached" if reached <= goal.at_most else "**missed**"
        row = (goal.what, f"{goal.at_most:g}", number(reached), stands, goal.next_step)
        rows.append(row)
    return table(("", "at most", "now", "stands", "what would halve it"), rows)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bill(it: Figures) -> str:
    """Requests and units, shortly: `2 requests, 2 + 3 write, 0 read`."""
    units = it.units
    written = f"{number(units.base_write)} + {number(units.index_write)}"
    asked = f"{number(it.aws_requests)} request{'s' if it.aws_requests != 1 else ''}"
    return f"{asked}; {written} write, {number(units.read)} read"


def requests(it: Figures) -> str:
    """By operation."""
    parts = (f"{number(count)} {name}" for name, count in it.requests.items())
    return ", ".join(parts) or "none"


def ms(value: float) -> str:
    """Milliseconds of this machine."""
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms"  # noqa: PLR2004


def ratio(value: float, of: float) -> str:
    """Two figures of one run."""
    return f"{value / of:.2f}"


def number(value: float) -> str:
    """Without what is not needed."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
