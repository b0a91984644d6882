"""What `make run` says when it serves: where, and lines to paste with real credentials."""

from local import demo
from local.settings import Settings

_TEXT = """
Payhub serves   {api}          (documentation: {api}/docs)
The sandbox     {sandbox}/_sandbox/ledger
Credentials     {tenants}

Issue a payment of 125.00 dollars, watch it, void it, and see the money that really moved:

  curl -i {api}/payments -H 'API-KEY: {key}' \\
    -H 'Idempotency-Key: my-first' -H 'Content-Type: application/json' \\
    -d '{body}'
  curl '{api}/payments?limit=5' -H 'API-KEY: {key}'
  curl {api}/payments/PAYMENT_ID/details -H 'API-KEY: {key}'
  curl -X POST {api}/payments/PAYMENT_ID/void -H 'API-KEY: {key}'
  curl {sandbox}/_sandbox/ledger

An operator releases what is held (account ACCT2), with another key:

  curl -X POST {api}/payments/PAYMENT_ID/release -H 'API-KEY: {operator_key}'

athenahealth's paths take a bearer token and forms. Charge a patient's card, and see the receipt:

  TOKEN=$(curl -s {api}/oauth2/v1/token -u '{client}' -d grant_type=client_credentials |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl -i {api}/v1/{practice}/patients/1/collectpayment -H "Authorization: Bearer $TOKEN" \\
    -d '{form}'
  curl '{api}/v1/{practice}/patients/1/receipts?departmentid=1' -H "Authorization: Bearer $TOKEN"

`make tour` plays all of it again. Ctrl-C stops; the payments are kept.
"""

_BODY = (
    '{"accountShortCode": "ACCT1", "payment": {"paymentDetails":'
    ' {"issuerReferenceId": "INV-1", "amount": 12500}, "totalNumberOfClaims": 1}}'
)
_FORM = (
    "departmentid=1&otheramount=12.34&accountnumber=4111111111111111&nameoncard=Ada+Lovelace"
    "&expirationmonthmm=12&expirationyearyyyy=2030&billingaddress=1+Main+St&billingzip=02110"
)


def show(settings: Settings) -> None:
    """Print it, for the first demo tenant."""
    first = demo.read(settings)[0]
    text = _TEXT.format(
        api=settings.base_url,
        sandbox=settings.sandbox_url,
        tenants=settings.tenants_file,
        key=first["api_key"],
        operator_key=first["operator_key"],
        body=_BODY,
        client=f"{first['client_id']}:{first['client_secret']}",
        practice=first["practice_ids"][0],
        form=_FORM,
    )
    print(text, flush=True)
