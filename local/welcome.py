"""What `make run` says when it serves: where, and lines to paste with real credentials."""

import json

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

Decoda's paths take JSON. See who may pay, settle a charge with credit, prepare a payment plan, be
its payer on the sandbox's page, and follow it:

  curl '{sandbox}/_sandbox/decoda/patients?tenant={decoda_tenant}'
  curl -i '{api}/billing/payment-terminal/charge/create-patient-credit-settled?amount=1000' \\
    -H 'API-KEY: {key}' -H 'Content-Type: application/json' \\
    -d '{charges}'
  curl -i {api}/billing/payment-plan/payin-config -H 'API-KEY: {key}' \\
    -H 'Content-Type: application/json' -d '{plan}'
  {decoda}/component?sessionKey=SESSION_KEY
  curl '{api}/payment-plans?limit=5' -H 'API-KEY: {key}'

Medfusion's paths take XML, after its own way to a token. Be a patient who pays in the portal; a
minute later the bill is served; report it posted by sending it back with another PaymentStatus:

  APPLICATION=$(curl -s {api}/v1/oauth2/oauthapplication/{app_token} |
    python3 -c 'import json, sys; it = json.load(sys.stdin)
print(it["clientId"] + ":" + it["clientSecret"])')
  PORTAL_TOKEN=$(curl -s {api}/v1/oauth2/token -u "$APPLICATION" \\
    -d 'grant_type=password&username={username}&password={password}' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["accessToken"])')
  curl {sandbox}/_sandbox/medfusion/payments \\
    -d '{bill}'
  curl {api}/v1/practice/{portal}/securePayments -H "Authorization: Bearer $PORTAL_TOKEN" |
    tee bills.xml
  sed 's/>SUBMITTED</>POSTED</' bills.xml |
    curl -i {api}/v1/practice/{portal}/securePayments -H "Authorization: Bearer $PORTAL_TOKEN" \\
    -H 'Content-Type: application/xml' --data-binary @-
  curl {api}/v1/practice/{portal}/processingStatus/MESSAGE_ID \\
    -H "Authorization: Bearer $PORTAL_TOKEN"

`make tour` plays all of it again, and moves the clock of hub and sandbox by a year. Ctrl-C stops;
the payments are kept.
"""

_BODY = (
    '{"accountShortCode": "ACCT1", "payment": {"paymentDetails":'
    ' {"issuerReferenceId": "INV-1", "amount": 12500}, "totalNumberOfClaims": 1}}'
)
_FORM = (
    "departmentid=1&otheramount=12.34&accountnumber=4111111111111111&nameoncard=Ada+Lovelace"
    "&expirationmonthmm=12&expirationyearyyyy=2040&billingaddress=1+Main+St&billingzip=02110"
)
_CHARGES = '[{"patientId": "PATIENT_ID", "totalOutstanding": 10000, "id": "CHARGE_ID"}]'
_PLAN = (
    '{"paymentMedium": "VIRTUAL_TERMINAL", "charges": [{"patientId": "PATIENT_ID",'
    ' "totalOutstanding": 250000, "id": "OTHER_CHARGE_ID"}],'
    ' "paymentPlan": {"initialAmount": 10000, "chargeIds": ["OTHER_CHARGE_ID"],'
    ' "frequency": "MONTHLY", "installments": 7, "installmentAmount": 34286}}'
)


def show(settings: Settings) -> None:
    """Print it, for the first demo tenant."""
    first = demo.read(settings)[0]
    portal = first["medfusion_practice_ids"][0]
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
        decoda=settings.vendor_url("decoda"),
        decoda_tenant=first["vendor_tenant_ids"]["decoda"],
        charges=_CHARGES,
        plan=_PLAN,
        app_token=first["app_token"],
        username=first["username"],
        password=first["password"],
        portal=portal,
        bill=json.dumps({"practice_id": portal, "amount_cents": 2500}),
    )
    print(text, flush=True)
