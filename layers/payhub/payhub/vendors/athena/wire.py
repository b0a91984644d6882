"""The vendor's forms and JSON: bodies as documented, answers checked before they are believed."""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import SecretStr

from payhub import transport
from payhub.domain.answers import NotSent, Unanswered, VendorRefused
from payhub.domain.card import Card
from payhub.domain.money import AmountUnit, MoneyError, cents_of_balance, format_amount
from payhub.domain.scrub import scrub
from payhub.domain.settlement import NEW_YORK
from payhub.transport import Response, verdict_of

OWN_TERMS = frozenset({"practiceid", "vendorcode", "cardbrand", "cardlast4", "confirmnotduplicate"})
"""Terms the hub keeps for itself or puts into the path: no body has them."""

CARD_FIELDS = {
    "accountnumber": "account_number",
    "trackdata": "track_data",
    "cardsecuritycode": "security_code",
    "expirationmonthmm": "expiration_month",
    "expirationyearyyyy": "expiration_year",
    "nameoncard": "name",
    "billingaddress": "billing_address",
    "billingzip": "billing_zip",
    "email": "email",
}
"""The vendor's field -> the attribute of Card."""

LIST_MAX = 1500
"""A list this long may be a first page: how the vendor pages it is not documented."""

BRANDS = frozenset({"VI", "MC", "AX", "DS"})
"""What receipts call the brands; any other word disproves nothing."""

_TRUE, _FALSE = frozenset({"true", "y", "yes", "1"}), frozenset({"false", "n", "no", "0"})
_NO_SUCH_ROUTE = frozenset({404, 405})
_TIMESTAMP = "%m/%d/%Y %H:%M:%S"
_WORDS_READ_CHARS = 4000
_MASKED_CHARS_MIN = 3
_HEAD = re.compile(r"<(head|style|script)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

T = TypeVar("T")


class Unreadable(transport.Unreadable):
    """An answer that is not what the vendor documents."""


# What goes out


def fields_of(terms: Mapping[str, str | int], but_not: frozenset[str]) -> dict[str, str]:
    """The terms as body fields, without the hub's own and those of the path."""
    kept = OWN_TERMS | but_not
    return {name: str(value) for name, value in terms.items() if name not in kept}


def card_fields(card: Card | None) -> dict[str, str]:
    """The card as body fields: the one place where its secrets become text."""
    given = {name: _secret(card, attribute) for name, attribute in CARD_FIELDS.items()}
    return {name: value for name, value in given.items() if value}


def _secret(card: Card | None, attribute: str) -> str:
    value: SecretStr | None = getattr(card, attribute) if card is not None else None
    return value.get_secret_value() if value is not None else ""


# What an answer means


def understood(
    sent: Response | NotSent | Unanswered,
    read: Callable[[Response], T],
    card: Card | None = None,
) -> T | VendorRefused | NotSent | Unanswered:
    """What a complete answer says; a success that cannot be read proves nothing."""
    return transport.understood(sent, read, lambda response: _failure(response, card))


def _failure(response: Response, card: Card | None) -> VendorRefused | NotSent | Unanswered:
    try:
        words = _words_of_json(json_of(response))
    except Unreadable:
        # The API itself answers JSON; the gateway before it does not, and applies nothing.
        if response.status in _NO_SUCH_ROUTE:
            return NotSent(reason=f"vendor answered {response.status}: no such route")
        verdict = verdict_of(response, without_card(_words_of_page(response.body), card))
        began_as_json = response.body.lstrip().startswith((b"{", b"["))
        if isinstance(verdict, VendorRefused) and began_as_json:
            return replace(verdict, is_cut_off=True)
        return verdict
    return verdict_of(response, without_card(words, card))


def _words_of_json(answer: object) -> str:
    if isinstance(answer, list) and answer:
        answer = answer[0]
    if not isinstance(answer, dict):
        return answer if isinstance(answer, str) else ""
    words = error_text(answer)
    detail, missing = answer.get("detailedmessage"), answer.get("missingfields")
    if isinstance(detail, str) and detail and detail != words:
        words = f"{words} {detail}".strip()
    if isinstance(missing, list) and missing:
        words = f"{words} Missing: {', '.join(map(str, missing))}".strip()
    return words


def error_text(answer: Mapping[str, Any]) -> str:
    """The vendor's words for what went wrong, whichever of its fields they are in."""
    for name in ("errortext", "errormessage", "error", "message"):
        if isinstance(answer.get(name), str) and answer[name].strip():
            return str(answer[name]).strip()
    return ""


def _words_of_page(body: bytes) -> str:
    """A page of HTML, or plain text, reduced to its words."""
    text = body.decode("utf-8", "replace")[:_WORDS_READ_CHARS]
    bare = html.unescape(_TAG.sub(" ", _HEAD.sub(" ", text)))
    return " ".join(bare.split())


def without_card(words: str, card: Card | None) -> str:
    """Words of the vendor without what it may repeat of the card that was sent."""
    line = " ".join(words.split())
    for value in card_fields(card).values():
        if len(value) >= _MASKED_CHARS_MIN:
            pattern = rf"(?<!\w){re.escape(' '.join(value.split()))}(?!\w)"
            line = re.sub(pattern, "[card]", line, flags=re.IGNORECASE)
    return line


def refusal_in(
    answer: Mapping[str, Any], card: Card | None = None, *, documented: bool = True
) -> VendorRefused | None:
    """The no inside a 200; None when the answer says success.

    Where `success` is not documented it may be absent. Raises Unreadable.
    """
    said = flag(answer.get("success"))
    if said is None and (documented or answer.get("success") is not None):
        raise Unreadable("no success")
    if said is not False:
        return None
    words = scrub(without_card(error_text(answer), card))
    return VendorRefused(message=words or "no reason given", code="success_false")


# Values


def json_of(response: Response) -> object:
    """The JSON of an answer, numbers exact. Raises Unreadable."""
    try:
        value: object = json.loads(response.body, parse_float=Decimal, parse_constant=_not_a_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    return value


def _not_a_number(constant: str) -> object:
    raise ValueError(constant)


def object_of(response: Response) -> Mapping[str, Any]:
    """The one object of an answer, in a list of one too. Raises Unreadable."""
    value = json_of(response)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def list_of(response: Response) -> Sequence[Mapping[str, Any]]:
    """The whole list of an answer, bare or as the only list of an object. Raises Unreadable."""
    value = json_of(response)
    lines = _only_list(value) if isinstance(value, dict) else value
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise Unreadable("no list")
    if len(lines) >= LIST_MAX:
        raise Unreadable("the list may have more than one page")
    return lines


def _only_list(answer: Mapping[str, Any]) -> list[Any]:
    lists = [each for each in answer.values() if isinstance(each, list)]
    if not lists and str(answer.get("totalcount")) == "0":
        return []
    if len(lists) != 1:
        raise Unreadable("no list")
    total = identifier(answer.get("totalcount"))
    if answer.get("next") or (total is not None and int(total) > len(lists[0])):
        raise Unreadable("the list has more than one page")
    return lists[0]


def flag(value: object) -> bool | None:
    """A boolean in any of the vendor's spellings; None when it is none."""
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    return True if text in _TRUE else False if text in _FALSE else None


def identifier(value: object) -> str | None:
    """An id as its digits, whether it came as text or as a number; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) is None or int(text) == 0:
        return None
    return str(int(text))


def required_id(answer: Mapping[str, Any], name: str) -> str:
    """An id the answer must have. Raises Unreadable."""
    found = identifier(answer.get(name))
    if found is None:
        raise Unreadable(f"no {name}")
    return found


def cents(value: object) -> int | None:
    """Dollars as the vendor writes them (`.7`, `10`, 17.07) in cents; None when unreadable."""
    if isinstance(value, bool):
        return None
    try:
        return cents_of_balance(
            value.strip() if isinstance(value, str) else value, AmountUnit.DECIMAL_DOLLARS
        )
    except MoneyError:
        return None


def money_text(value: object) -> str | None:
    """Dollars with two decimals, balances below zero too; None when unreadable."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    amount = None if isinstance(value, bool) else cents(text.removeprefix("-"))
    if amount is None:
        return None
    sign = "-" if amount and text.startswith("-") else ""
    return f"{sign}{format_amount(amount, AmountUnit.DECIMAL_DOLLARS)}"


def instants_ms(value: object) -> tuple[int, ...]:
    """What an Eastern timestamp may mean: one instant, two in the hour that occurs twice.

    Empty when it is unreadable.
    """
    if not isinstance(value, str):
        return ()
    try:
        wall = datetime.strptime(value.strip(), _TIMESTAMP)  # noqa: DTZ007 - the zone follows
        both = [wall.replace(tzinfo=NEW_YORK, fold=fold).timestamp() for fold in (0, 1)]
    except (ValueError, OverflowError):
        return ()
    return tuple(sorted({round(at) * 1000 for at in both}))


def numbers(value: object) -> frozenset[str] | None:
    """A set of ids as a list, JSON text or separated by commas; None when unreadable."""
    if isinstance(value, str):
        inner = value.strip().removeprefix("[").removesuffix("]")
        value = [part.strip().strip('"') for part in inner.split(",")]
    if not isinstance(value, list) or not value:
        return None
    ids = [identifier(each) for each in value]
    return None if None in ids else frozenset(each for each in ids if each)


# Receipts, contracts and plans: does a line belong to what was sent?

Criterion = bool | None
"""Whether a line of a list fits; None where it cannot be read, which disproves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a receipt must be to come from an attempt; empty brand and digits: not known."""

    type: str
    amount_cents: int | None
    brand: str
    last4: str
    earliest_ms: int
    latest_ms: int


def fits(*criteria: Criterion) -> bool:
    """Whether a line matches. Raises Unreadable when only what cannot be read would tell."""
    if False in criteria:
        return False
    if None in criteria:
        raise Unreadable("a line of the list that may be it")
    return True


def receipt_fits(receipt: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether the receipt is what an attempt left behind. Raises Unreadable."""
    amount = cents(receipt.get("amount"))
    return fits(
        _same(_word(receipt.get("type")), wanted.type),
        True if wanted.amount_cents is None else _same(amount, wanted.amount_cents),
        not wanted.last4 or _same(last4(receipt.get("cardnumberlast4digits")), wanted.last4),
        not wanted.brand or _same(_brand(receipt.get("cardtypeabbreviation")), wanted.brand),
        _in_window(receipt, wanted),
    )


def taken_at_ms(receipt: Mapping[str, Any], wanted: Wanted | None = None) -> int:
    """When the receipt was written, in the reading that fits. Raises Unreadable."""
    readings = instants_ms(receipt.get("requestdate"))
    fitting = [at for at in readings if wanted and wanted.earliest_ms <= at <= wanted.latest_ms]
    if not readings:
        raise Unreadable("no requestdate")
    return (fitting or readings)[0]


def is_contract_of(
    contract: Mapping[str, Any], receipt: Mapping[str, Any], appointment_id: str | None
) -> bool:
    """Whether the contract is the receipt's, for that appointment. Raises Unreadable."""
    return fits(
        _same(identifier(contract.get("appointmentid")), appointment_id),
        _same(identifier(contract.get("epaymentid")), identifier(receipt.get("epaymentid"))),
    )


def is_plan(plan: Mapping[str, Any], name: str, claim_ids: frozenset[str]) -> bool:
    """Whether the plan has that name and is for exactly these claims. Raises Unreadable."""
    called = plan.get("paymentplanname")
    listed = plan.get("claimids")
    if listed is None and isinstance(plan.get("claims"), list):
        listed = [each.get("claimid") for each in plan["claims"] if isinstance(each, dict)]
    return fits(
        _same((called.strip() or None) if isinstance(called, str) else None, name.strip()),
        _same(numbers(listed), claim_ids),
    )


def _same(found: object, wanted: object) -> Criterion:
    return None if found is None or wanted is None else found == wanted


def _word(value: object) -> str | None:
    return value.strip().upper() if isinstance(value, str) and value.strip() else None


def _brand(value: object) -> str | None:
    word = _word(value)
    return word if word in BRANDS else None


def last4(value: object) -> str | None:
    """Four digits, although a number has lost its leading zeros."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    return text.zfill(4) if re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) else None


def _in_window(receipt: Mapping[str, Any], wanted: Wanted) -> Criterion:
    readings = instants_ms(receipt.get("requestdate"))
    inside = [wanted.earliest_ms <= at <= wanted.latest_ms for at in readings]
    return any(inside) if readings else None
