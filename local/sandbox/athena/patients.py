"""Patients of a practice: found, checked against the department, kept once they changed."""

from __future__ import annotations

from dataclasses import asdict

from local.sandbox.athena import seeds
from local.sandbox.athena.accounts import Patient
from local.sandbox.athena.calls import Call
from local.sandbox.athena.forms import whole_number
from local.sandbox.athena.practices import VENDOR
from local.sandbox.athena.refusals import not_found, refused
from local.sandbox.store import Store

_PATIENT = "athena_patient"


class Patients:
    """A patient is as seeded until something is saved."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, practice_id: str, patient_id: int) -> Patient | None:
        body = self._store.get(VENDOR, _PATIENT, f"{practice_id}/{patient_id}")
        return Patient.from_document(body) if body else seeds.patient(practice_id, patient_id)

    def save(self, patient: Patient) -> None:
        self._store.put(VENDOR, _PATIENT, f"{patient.practice_id}/{patient.id}", asdict(patient))

    def all(self, practice_id: str) -> list[Patient]:
        found = (self.get(practice_id, number) for number in range(1, seeds.PATIENTS + 1))
        return [patient for patient in found if patient]

    def of_path(self, call: Call) -> Patient:
        """The patient in the path; raises Refused."""
        patient = self.get(call.practice_id, number_of_path(call, "patient_id"))
        if patient is None:
            raise not_found("patient")
        return patient

    def of_field(self, call: Call) -> Patient:
        """The patient in the field patientid, in the department that was named."""
        patient = self.get(call.practice_id, call.form.integer("patientid"))
        if patient is None:
            raise refused(400, "The patient was not found.")
        check_department(patient, call)
        return patient


def check_department(patient: Patient, call: Call) -> int:
    """Require the field departmentid to be one of the patient's."""
    call.form.require(["departmentid"])
    department_id = call.form.integer("departmentid")
    if department_id not in patient.departments:
        raise refused(400, "The patient is not registered in this department.")
    return department_id


def number_of_path(call: Call, name: str) -> int:
    """An id in the path; 0, which is nobody's, when it is no number."""
    return whole_number(call.parameters[name]) or 0
