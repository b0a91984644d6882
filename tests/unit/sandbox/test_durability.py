"""What was answered is still there after the process is gone; a reset forgets on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.sandbox.store import Store, StoreBusyError
from tests.unit.sandbox.bench import TENANT, Bench, issue_body, shown


def test_payments_books_and_pending_steps_survive(kept_bench: Bench) -> None:
    payment_id = kept_bench.issue()["paymentId"]
    kept_bench.reopen()
    assert len(kept_bench.movements()) == 1
    kept_bench.wait(10)
    assert kept_bench.details(payment_id)["status"] == "Completed"


def test_a_late_request_survives(kept_bench: Bench) -> None:
    kept_bench.arm("late_apply", delay_seconds=5)
    kept_bench.reply("POST", "/payments", issue_body())
    kept_bench.reopen()
    kept_bench.wait(5)
    assert len(kept_bench.movements()) == 1


def test_armed_faults_and_refusals_survive(kept_bench: Bench) -> None:
    kept_bench.arm("http_500_before", count=2)
    kept_bench.control("POST", "faults", {"vendor": "optum", "fault": "refuse", "seconds": 60})
    kept_bench.ask("POST", "/payments", issue_body())
    kept_bench.reopen()
    assert kept_bench.sandbox.refusal("optum")
    assert kept_bench.ask("POST", "/payments", issue_body()).status == 500
    assert kept_bench.ask("POST", "/payments", issue_body()).status == 201


def test_subscriptions_missed_events_and_pending_deliveries_survive(kept_bench: Bench) -> None:
    subscription_id = kept_bench.subscribe(eventNames=["payment_loading_requested"])
    kept_bench.receiver.status = 500
    kept_bench.issue()
    kept_bench.wait(1)  # one delivery failed, its next try is pending
    kept_bench.reopen()
    kept_bench.wait(10)
    kept_bench.reopen()
    path = f"/api/event-api/v1/subscriptions/{subscription_id}/missed-events"
    assert len(shown(kept_bench.ask("GET", path))["missedEvents"]) == 1


def test_a_failure_in_the_middle_leaves_nothing_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    bench.arm("slow")
    with monkeypatch.context() as patch:
        patch.setattr(bench.sandbox.truth_book, "record", fail)
        with pytest.raises(RuntimeError):
            bench.issue()
    assert bench.movements() == []
    assert shown(bench.ask("GET", "/payments/batch"))["batches"] == []
    assert len(shown(bench.control("GET", "faults"))) == 1


def test_two_sandboxes_cannot_share_a_state(tmp_path: Path) -> None:
    first = Store(tmp_path / "sandbox.sqlite3")
    with pytest.raises(StoreBusyError):
        Store(tmp_path / "sandbox.sqlite3")
    first.close()


def test_a_reset_forgets_everything(bench: Bench) -> None:
    bench.issue()
    bench.arm("slow")
    bench.control("POST", "clock", {"advance_seconds": 60})
    assert bench.control("POST", "reset?tenants_too=true").status == 200
    assert bench.movements() == []
    assert shown(bench.control("GET", "optum/tenants")) == []
    assert shown(bench.control("GET", "faults")) == []
    assert bench.sandbox.jobs.next() is None


def test_a_reset_keeps_tenants_and_their_subscriptions(bench: Bench) -> None:
    bench.subscribe()
    bench.issue()
    assert bench.control("POST", "reset").status == 200
    assert [each["tenant_id"] for each in shown(bench.control("GET", "optum/tenants"))] == [TENANT]
    assert bench.movements() == []
    bench.issue()
    bench.wait(10)
    assert len(bench.receiver.posts) == 3
