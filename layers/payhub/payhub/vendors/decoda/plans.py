"""The payments that Decoda took for a plan: the first payment and the installments."""

from collections.abc import Callable, Sequence
from urllib.parse import quote

from payhub.domain.answers import Failure, TakenPayment
from payhub.ports import Order
from payhub.vendors.decoda import wire
from payhub.vendors.decoda.client import Client
from payhub.vendors.decoda.reading import Reader, view_of


class Plans:
    """The PlanSource port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._reader = Reader(client)

    def taken(
        self, order: Order, is_known: Callable[[str], bool]
    ) -> Sequence[TakenPayment] | Failure:
        """The patient's plan payments since the payin was made, for charges of the plan."""
        payment = order.payment
        rows = self._reader.table(
            order.tenant, str(payment.terms["patientId"]), payment.created_at_ms
        )
        if not isinstance(rows, tuple):
            return rows
        asked, found = frozenset(wire.charge_ids(payment)), []
        for row in rows:
            if not row.is_plan or is_known(row.reference):
                continue
            charges = self._reader.charges_of(order.tenant, quote(row.reference, safe=""))
            if not isinstance(charges, frozenset):
                return charges
            if charges and charges <= asked:
                view = view_of(row, order.now_ms)
                found.append(TakenPayment(view=view, at_ms=row.created_at_ms, medium=row.medium))
        return found
