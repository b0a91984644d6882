"""Recordpayment: cash, checks and cards that went through another terminal."""

from __future__ import annotations

from collections.abc import Mapping

from local.sandbox.athena import amounts, methods, wire
from local.sandbox.athena.accounts import Entry
from local.sandbox.athena.calls import Call, Verb, move
from local.sandbox.athena.magic import magic
from local.sandbox.athena.numbers import new_number
from local.sandbox.athena.patients import Patients, check_department
from local.sandbox.athena.refusals import posting_failure
from local.sandbox.messages import Response, json_response
from local.sandbox.vendor import Tools


class Recording:
    """Not idempotent and without a look-up, as the vendor: twice is two payments."""

    def __init__(self, tools: Tools, patients: Patients) -> None:
        self._tools = tools
        self._patients = patients
        self.verbs: Mapping[str, Verb] = {
            "record_payment": self._record,
            "list_card_methods": self._list_methods,
        }

    def _record(self, call: Call) -> Response:
        form = call.form
        patient = self._patients.of_path(call)
        needed = ["departmentid", "paymentmethod", *methods.needed(form), *amounts.needed(form)]
        form.require(needed)
        check_department(patient, call)
        methods.check(form, methods.RECORDED_METHODS)
        split = amounts.split_of(form, patient)
        day = form.date("postdate") or wire.today(call.now_ms)
        if magic(split.total_cents).refuse_posting:
            return posting_failure()
        batch_id = new_number(self._tools)
        patient.pay(split, Entry(wire.date_text(day)))
        self._patients.save(patient)
        move(self._tools, call, batch_id, split.total_cents, "in")
        return json_response(200, {"paymentbatchid": wire.posted_id(batch_id), "success": "true"})

    def _list_methods(self, _: Call) -> Response:
        return json_response(200, methods.shown(methods.CARD_METHODS))
