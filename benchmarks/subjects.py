"""What is compared: Payhub's functions, the references, and Payhub with one cut undone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import layers, stack
from benchmarks.figures import Subject
from benchmarks.layers import Layers
from benchmarks.optum import issue_events, one_payment, replay_events
from benchmarks.runtime import Program
from benchmarks.scenarios import all_scenarios, check_of
from benchmarks.stage import IDEMPOTENCY_TABLE, Stage

ISSUE, STATUS = "api/issue_payment", "api/get_payment"

OURS = "Payhub"
OURS_WITH_CLAIMS = "Payhub, body with claims"
OURS_REPLAY = "Payhub, a replay"
OURS_STATUS = "Payhub, a status read"
FLOOR = "boto3 floor"
BY_HAND = "boto3 and httpx by hand"
POWERTOOLS = "Powertools"
FASTAPI = "FastAPI and Mangum"
_REFERENCES = {
    FLOOR: "boto3_floor",
    BY_HAND: "by_hand",
    POWERTOOLS: "powertools",
    FASTAPI: "fastapi_mangum",
}

CUTS = {
    "one_write_each": "one conditional write for the intent, one for the outcome",
    "carried_in_hand": "what the request brought is not read again before it is sent",
    "prepared": "vendors' clients made during init",
    "botocore_alone": "clients from botocore, without boto3",
    "light_imports": "no httpx, no lxml where no vendor is called",
    "freeze": "`gc.freeze()` after init",
    "put_off": "no garbage collection during init",
    "short_logs": "short logs",
}
"""Those that a switch in the measured process undoes."""

BYTECODE, TRIMMED = "bytecode in the layers", "botocore's data trimmed to three services"


def program(stage: Stage, made: Layers, name: str, **variables: str) -> Program:
    """One of the template's functions."""
    function = next(it for it in stack.functions() if it.name == name)
    return Program(
        python=made.python,
        path=made.path,
        handler=function.handler,
        environment={**stage.environment, **function.variables, **variables},
        memory_mb=function.memory_mb,
    )


def payments(stage: Stage, made: Layers) -> list[Subject]:
    """The job itself, by Payhub and by everybody else."""
    return [
        *_ours(stage, made),
        _subject(OURS_REPLAY, program(stage, made, ISSUE), replay_events(stage)),
        *(
            _subject(name, _reference(stage, made, module), issue_events(stage))
            for name, module in _REFERENCES.items()
        ),
    ]


def functions(stage: Stage, made: Layers, names: list[str]) -> list[Subject]:
    """A subject for each of these functions, with its own scenario."""
    scenarios = all_scenarios()
    return [
        _subject(name, program(stage, made, name), scenarios[name].events(stage), name)
        for name in names
    ]


def floor(stage: Stage, made: Layers) -> Subject:
    """The boto3 floor alone."""
    return _subject(FLOOR, _reference(stage, made, _REFERENCES[FLOOR]), issue_events(stage))


def without_cuts(stage: Stage, made: Layers, folder: Path) -> list[Subject]:
    """Payhub as it is, and with each cut undone."""
    bare, whole = layers.without_bytecode(made, folder / "bare"), layers.untrimmed(made)
    no_bytecode = program(stage, bare, ISSUE, PYTHONDONTWRITEBYTECODE="1")
    return [
        *_ours(stage, made),
        *(_without(stage, made, cut) for cut in CUTS),
        _subject(BYTECODE, no_bytecode, issue_events(stage)),
        _subject(TRIMMED, program(stage, whole, ISSUE), issue_events(stage)),
    ]


def _ours(stage: Stage, made: Layers) -> list[Subject]:
    """What cuts are compared with: a payment, one with parts to pass on, a look at one."""
    issue, status = program(stage, made, ISSUE), program(stage, made, STATUS)
    return [
        _subject(OURS, issue, issue_events(stage)),
        _subject(OURS_WITH_CLAIMS, issue, issue_events(stage, claims=True)),
        _subject(OURS_STATUS, status, one_payment(STATUS)(stage), STATUS),
    ]


def _without(stage: Stage, made: Layers, cut: str) -> Subject:
    """A cut undone, in the function that it is for."""
    name = STATUS if cut == "light_imports" else ISSUE
    switched = program(stage, made, name, BENCH_UNDO=cut, BENCH_HANDLER=name.replace("/", "."))
    switched = replace(switched, handler="benchmarks.measured.undo.handler")
    claims = cut == "carried_in_hand"
    events = one_payment(name)(stage) if name == STATUS else issue_events(stage, claims=claims)
    return _subject(cut, switched, events, name)


def _reference(stage: Stage, made: Layers, module: str) -> Program:
    """With botocore as pip brings it; the bytecode is there, or nothing could be compared."""
    optum = stage.optum
    return Program(
        python=made.python,
        path=layers.untrimmed(made).path,
        handler=f"benchmarks.references.{module}.handler",
        environment={
            **stage.environment,
            "REFERENCE_TENANT": stage.tenant.tenant,
            "REFERENCE_VENDOR_URL": optum["base_url"] + optum["prefix"],
            "REFERENCE_API_KEY": optum["api_key"],
            "REFERENCE_VENDOR_TENANT": optum["tenant_id"],
            "REFERENCE_IDEMPOTENCY_TABLE": IDEMPOTENCY_TABLE,
        },
    )


def _subject(
    name: str,
    what: Program,
    events: Iterator[dict[str, Any]],
    function: str = ISSUE,
) -> Subject:
    return Subject(name=name, program=what, events=events, is_good=check_of(function))
