"""The page that stands in for the vendor's payment component in the patient's browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from string import Template
from urllib.parse import parse_qsl

from local.sandbox.decoda.component import OUTCOMES, Submitted
from local.sandbox.decoda.payins import COMPLETED, PayinConfig
from local.sandbox.decoda.schemas import METHOD_TYPES
from local.sandbox.messages import Response, text_response
from local.sandbox.money import dollars

_METHOD_NAMES = {"CARD": "Card", "ACH": "Bank account (ACH)", "APPLE_PAY": "Apple Pay"}
_OUTCOME_NAMES = {
    "approved": "Approve",
    "insufficient_funds": "Decline: insufficient funds",
    "do_not_honor": "Decline: do not honor",
    "expired_card": "Decline: expired card",
    "returned": "Approve, and return it two days after it succeeded (ACH only)",
}
_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid #ccc; }
td:last-child, th:last-child { text-align: right; }
fieldset { margin: 1rem 0; } label { display: block; } button, select { font: inherit; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<p>This page is part of a sandbox. No real money moves; do not enter real data.</p>
$content
</main>
</body>
</html>
"""
)
_FORM = Template(
    """<form method="post" action="/component">
<input type="hidden" name="sessionKey" value="$session_key">
<fieldset><legend>Pay with</legend>
$methods
</fieldset>
<p><label for="outcome">What the bank will say</label>
<select id="outcome" name="outcome">
$outcomes
</select></p>
<button type="submit">$agree</button>
</form>
"""
)


def form(config: PayinConfig, total_cents: int, today: date) -> Response:
    """The plan and a form to agree to it; a completed one has no form any more."""
    if config.status == COMPLETED:
        return _page(200, "Payment completed", "<p>This payment is completed.</p>")
    now_cents = config.terms.initial_cents
    filled = _FORM.substitute(
        session_key=escape(config.session_key),
        methods="\n".join(_radio(name) for name in METHOD_TYPES),
        outcomes="\n".join(_option(name) for name in OUTCOMES),
        agree=f"Pay ${dollars(now_cents)} now" if now_cents else "Begin the payment plan",
    )
    return _page(200, "Payment", _schedule(config, total_cents, today) + filled)


def completed(config: PayinConfig) -> Response:
    payment = f"<p>Payment {escape(config.payment_ids[-1])}.</p>" if config.payment_ids else ""
    text = f"<p>The payment plan {escape(config.plan_id or '')} has begun.</p>"
    return _page(200, "Payment approved", text + payment)


def declined(reason: str, back: str = "") -> Response:
    link = f'<p><a href="/component?sessionKey={escape(back)}">Try again</a></p>' if back else ""
    return _page(402, "Payment declined", f"<p>{escape(reason)}</p>{link}")


def refused(status: int, text: str) -> Response:
    return _page(status, "Payment not possible", f"<p>{escape(text)}</p>")


def session_of(query: Mapping[str, str], body: bytes) -> str:
    """The session key of the page's address or of its form."""
    return query.get("sessionKey") or _fields(body).get("sessionKey", "")


def submitted(body: bytes) -> Submitted | None:
    """What the form says; None when it is not the page's form."""
    fields = _fields(body)
    method, outcome = fields.get("method", ""), fields.get("outcome", "")
    if method not in METHOD_TYPES or outcome not in OUTCOMES:
        return None
    return Submitted(method, outcome)


def _fields(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(errors="replace")))


def _schedule(config: PayinConfig, total_cents: int, today: date) -> str:
    amounts = config.terms.amounts(total_cents)
    days = [day.isoformat() for day in config.terms.days(today)]
    now = [("Now", config.terms.initial_cents)] if config.terms.initial_cents else []
    rows = [*now, *zip(days, amounts, strict=False)]
    cells = "".join(f"<tr><td>{day}</td><td>${dollars(cents)}</td></tr>" for day, cents in rows)
    return f"<table><tr><th>Due</th><th>Amount</th></tr>{cells}</table>"


def _radio(name: str) -> str:
    checked = " checked" if name == METHOD_TYPES[0] else ""
    text = escape(_METHOD_NAMES[name])
    return f'<label><input type="radio" name="method" value="{name}"{checked}> {text}</label>'


def _option(name: str) -> str:
    return f'<option value="{name}">{escape(_OUTCOME_NAMES[name])}</option>'


def _page(status: int, title: str, content: str) -> Response:
    html = _PAGE.substitute(title=title, content=content)
    return text_response(status, html, "text/html; charset=utf-8")
