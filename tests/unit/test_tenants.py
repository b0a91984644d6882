"""Creating tenants; listing; the sweep; dead letters: what stands around payments."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from payhub.domain.answers import NotSent, Registered
from payhub.domain.errors import InvalidRequest, NotAllowed, NotFound
from payhub.domain.identity import digest
from payhub.domain.payment import ActionState
from payhub.domain.records import CredentialKind
from payhub.domain.tenant import Role, Tenant
from payhub.entrypoints.representations import instant
from payhub.operations.authenticate import Authenticate, authenticate
from payhub.operations.create_tenant import CreateTenant, create_tenant
from payhub.operations.issue_token import IssueToken, issue_token
from payhub.operations.list_payments import ListPayments, list_payments
from payhub.operations.record_dead_letter import RecordDeadLetter, record_dead_letter
from payhub.operations.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from payhub.operations.resolve_payment import ResolvePayment, resolve_payment
from payhub.operations.sweep import sweep
from payhub.store.payments import HISTORY_MAX
from tests.support.doing import ask, completed, issue, look, work
from tests.support.fakes import OTHER, TENANT, UNANSWERED, World, done, view

WANTED = {
    "name": "New Clinic",
    "amount_unit": "cents",
    "accounts": {"A": {"hold": True}},
    "vendors": {"optum": {"base_url": "http://optum.test", "api_key": "vendor-key"}},
}


def test_a_tenants_secrets_are_stored_as_digests_only(world: World) -> None:
    made = create_tenant(world.hub, CreateTenant.model_validate(WANTED))
    stored = str(world.table.items)
    for secret in (made.api_key, made.operator_key, made.client_secret, "vendor-key"):
        assert secret not in stored
    assert world.secrets.get(made.tenant, "optum") == {"api_key": "vendor-key"}


def test_the_webhook_registration_is_kept_in_the_settings(world: World) -> None:
    made = create_tenant(world.hub, CreateTenant.model_validate(WANTED))
    tenant = world.hub.tenants.load(made.tenant)
    assert tenant is not None
    url = f"https://api.payhub.test/webhooks/optum/{made.tenant}"
    assert tenant.vendors["optum"]["subscription_id"] == f"registration of {url}"


def test_a_second_run_changes_the_registration_instead_of_making_another(world: World) -> None:
    made = create_tenant(world.hub, CreateTenant.model_validate(WANTED))
    seen: list[object] = []
    register = world.vendor.register

    def noting(tenant: Tenant, url: str) -> Registered:
        seen.append(tenant.vendors["optum"].get("subscription_id"))
        return register(tenant, url)

    world.vendor.register = noting  # type: ignore[method-assign]
    create_tenant(world.hub, CreateTenant.model_validate({**WANTED, "tenant": made.tenant}))
    assert seen and seen[0] is not None


def test_a_vendor_that_sends_no_notifications_is_not_asked_for_any(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.hub.vendors["optum"], "notifies", False)
    monkeypatch.setattr(world.vendor, "register", None)
    made = create_tenant(world.hub, CreateTenant.model_validate(WANTED))
    tenant = world.hub.tenants.load(made.tenant)
    assert tenant is not None
    assert tenant.vendors["optum"] == {"base_url": "http://optum.test"}
    assert world.secrets.get(made.tenant, "optum") == {"api_key": "vendor-key"}


def test_a_hub_without_an_address_registers_nobody(world: World) -> None:
    hub = replace(world.hub, public_url="")
    with pytest.raises(InvalidRequest, match="address"):
        create_tenant(hub, CreateTenant.model_validate(WANTED))


def test_callers_write_amounts_as_integers_only() -> None:
    with pytest.raises(ValidationError):
        CreateTenant.model_validate({**WANTED, "amount_unit": "decimal_dollars"})


def test_an_unknown_vendor_is_refused_before_anything_is_stored(world: World) -> None:
    before = dict(world.table.items)
    wrong = {**WANTED, "vendors": {"paypal": {}}}
    with pytest.raises(InvalidRequest):
        create_tenant(world.hub, CreateTenant.model_validate(wrong))
    assert world.table.items == before


def test_each_key_has_its_role_and_opens_its_own_tenant(world: World) -> None:
    made = create_tenant(world.hub, CreateTenant.model_validate(WANTED))
    for key, role in ((made.api_key, Role.CALLER), (made.operator_key, Role.OPERATOR)):
        found = authenticate(
            world.hub, Authenticate.model_validate({"kind": CredentialKind.API_KEY, "secret": key})
        )
        assert found is not None and (found.tenant, found.role) == (made.tenant, role)


def test_a_bearer_token_ends_with_its_time(world: World) -> None:
    made = create_tenant(world.hub, CreateTenant.model_validate(WANTED))
    command = IssueToken.model_validate(
        {"client_id": made.client_id, "client_secret": made.client_secret}
    )
    token = issue_token(world.hub, command)
    assert token.access_token not in str(world.table.items)
    presented = Authenticate.model_validate(
        {"kind": CredentialKind.BEARER, "secret": token.access_token}
    )
    assert authenticate(world.hub, presented) is not None
    world.clock.advance(3600)
    assert authenticate(world.hub, presented) is None


def listed(world: World, **query: object) -> tuple[list[str], str | None]:
    """Payment ids of a page and the next cursor."""
    command = ListPayments.model_validate(query)
    page = list_payments(world.hub, world.caller(), command)
    return [payment.payment_id for payment in page.payments], page.next_cursor


def several(world: World, count: int) -> list[str]:
    """Ids of payments issued a second apart, oldest first."""
    ids = []
    for number in range(count):
        world.vendor.answers.append(done("Created", f"v-{number}"))
        payment = issue(world, key=f"k-{number}", reference=f"INV-{number}").payment
        ids.append(payment.payment_id)
        world.clock.advance(1)
    return ids


def test_payments_are_listed_newest_first_page_by_page(world: World) -> None:
    ids = several(world, 5)
    world.vendor.answers.append(done("Created", "other"))
    issue(world, tenant=OTHER)
    first, cursor = listed(world, limit=2)
    second, cursor = listed(world, limit=2, cursor=cursor)
    third, end = listed(world, limit=2, cursor=cursor)
    assert first + second + third == ids[::-1] and end is None


def test_a_list_is_filtered_by_reference_time_status_and_vendor(world: World) -> None:
    ids = several(world, 3)
    middle = look(world, world.hub.payments.load(TENANT.tenant, ids[1]))  # type: ignore[arg-type]
    at = instant(middle.created_at_ms)
    assert listed(world, reference="INV-1")[0] == [ids[1]]
    assert listed(world, created_from=at)[0] == [ids[2], ids[1]]
    assert listed(world, created_to=at)[0] == [ids[0]]
    assert listed(world, status="Created")[0] == ids[::-1]
    assert listed(world, status="Voided")[0] == []
    world.vendor.answers.append(UNANSWERED)
    unknown = issue(world, key="k-x").payment
    assert listed(world, action="unknown")[0] == [unknown.payment_id]
    assert listed(world, action="needs_review")[0] == []
    assert listed(world, vendor="athena")[0] == []


@pytest.mark.parametrize("cursor", ["AAAA", "x", "-", "MTIz"])
def test_a_cursor_of_somebody_elses_making_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        listed(world, cursor=cursor)
    assert refused.value.errors[0].field == "cursor"


def test_the_sweep_reminds_of_what_is_due_and_of_nothing_else(world: World) -> None:
    world.vendor.answers.extend([UNANSWERED, done("Held", "v-2")])
    due = issue(world, key="a").payment
    issue(world, key="b", account="ACCT2")
    world.queue.payments.clear()
    sweep(world.hub)
    assert world.queue.payments == []
    world.clock.advance(120)
    sweep(world.hub)
    assert world.queue.payments == [(TENANT.tenant, due.payment_id, 0)]
    assert {"Heartbeat", "OldestDueAgeSeconds"} <= world.signals.names()


def dead_letter_of(world: World, payment_id: str) -> str:
    """The id of a letter about a message that kept failing."""
    command = RecordDeadLetter(
        message_id="m", sent_at_ms=world.clock.now_ms(), tenant=TENANT.tenant, payment=payment_id
    )
    record_dead_letter(world.hub, command)
    record_dead_letter(world.hub, command)
    letters, _ = world.hub.dead_letters.page(TENANT.tenant, 10, None)
    (letter,) = letters
    return letter.letter_id


def test_redriving_a_finished_payment_changes_nothing(world: World) -> None:
    payment = completed(world)
    letter_id = dead_letter_of(world, payment.payment_id)
    before = look(world, payment)
    command = RedriveDeadLetter.model_validate({"letter_id": letter_id})
    letter = redrive_dead_letter(world.hub, world.caller(role=Role.OPERATOR), command)
    assert letter.redriven_by == "operator:test"
    assert work(world, payment, seconds=1) == before
    assert len(world.vendor.calls) == 1


def test_redriving_what_was_not_sent_sends_it(world: World) -> None:
    world.vendor.answers.extend([NotSent(reason="down")] * 5)
    payment = issue(world).payment
    for _ in range(4):
        payment = work(world, payment)
    letters, _ = world.hub.dead_letters.page(TENANT.tenant, 10, None)
    command = RedriveDeadLetter.model_validate({"letter_id": letters[0].letter_id})
    redrive_dead_letter(world.hub, world.caller(role=Role.OPERATOR), command)
    assert look(world, payment).action.state is ActionState.QUEUED
    world.vendor.answers.append(done("Created"))
    assert work(world, payment).status == "Created"


def test_a_letter_that_comes_again_stays_redriven(world: World) -> None:
    payment = completed(world)
    letter_id = dead_letter_of(world, payment.payment_id)
    command = RedriveDeadLetter.model_validate({"letter_id": letter_id})
    redrive_dead_letter(world.hub, world.caller(role=Role.OPERATOR), command)
    dead_letter_of(world, payment.payment_id)
    letter = world.hub.dead_letters.load(TENANT.tenant, letter_id)
    assert letter is not None and letter.redriven_by == "operator:test"


def test_a_letter_of_another_tenant_is_not_found(world: World) -> None:
    payment = completed(world)
    command = RedriveDeadLetter.model_validate(
        {"letter_id": dead_letter_of(world, payment.payment_id)}
    )
    with pytest.raises(NotFound):
        redrive_dead_letter(world.hub, world.caller(OTHER, Role.OPERATOR), command)


def test_a_payment_whose_handling_keeps_failing_is_left_alone_for_a_while(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.clock.advance(120)
    dead_letter_of(world, payment.payment_id)
    sweep(world.hub)
    assert world.queue.payments[1:] == []
    world.clock.advance(15 * 60)
    sweep(world.hub)
    assert len(world.queue.payments) == 2


def test_only_a_review_can_be_resolved(world: World) -> None:
    payment = completed(world)
    body = {"resolution": "not_moved", "reason": "x"}
    command = ResolvePayment.model_validate({"payment_id": payment.payment_id, "body": body})
    with pytest.raises(NotAllowed, match="does not need review"):
        resolve_payment(world.hub, world.caller(role=Role.OPERATOR), command)


def test_a_long_history_moves_to_pages_and_is_read_back_whole(world: World) -> None:
    payment = completed(world)
    for number in range(30):
        verb, before, after = (
            ("void", "Completed", "Voided") if number % 2 == 0 else ("reissue", "Voided", "Sent")
        )
        before = "Sent" if number % 2 == 0 and number else before
        world.vendor.readings.clear()
        world.vendor.readings.append(view(before))
        world.vendor.answers.append(done(after))
        payment = ask(world, verb, payment, idempotency_key=f"k{number}").payment
    stored = look(world, payment)
    whole = world.hub.payments.with_history(stored)
    assert stored.history_pages > 0 and len(stored.history) <= HISTORY_MAX
    assert len(whole.history) > 60 > HISTORY_MAX
    assert [entry.at_ms for entry in whole.history] == sorted(e.at_ms for e in whole.history)
    assert whole.history[0].subject == "issue"


def test_ids_depend_on_every_part_and_cannot_be_confused() -> None:
    assert digest("a", "bc") != digest("ab", "c")
    assert digest("a") != digest("a", "")
