"""pymyob against the sandbox: every step prints `step<TAB>what came of it`.

Usage: python show.py http://127.0.0.1:PORT

Only the host constants of pymyob are changed.
"""

import os
import sys
from datetime import date
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

# oauthlib refuses plain HTTP unless told that this is on purpose.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import myob.credentials
import myob.managers
import requests
from myob.api import Myob
from myob.constants import AuthScope
from myob.credentials import PartnerCredentials
from myob.exceptions import (
    MyobBadRequest,
    MyobConflict,
    MyobForbidden,
    MyobGatewayTimeout,
    MyobInternalServerError,
    MyobNotFound,
    MyobRateLimitExceeded,
    MyobUnauthorized,
)

URL = sys.argv[1].rstrip("/")
myob.managers.MYOB_BASE_URL = f"{URL}/accountright/"
myob.credentials.MYOB_PARTNER_BASE_URL = f"{URL}/oauth2/"
SCOPES = (
    AuthScope.COMPANY_FILE,
    AuthScope.SALES,
    AuthScope.CONTACTS_CUSTOMER,
    AuthScope.GENERAL_LEDGER,
)


def control(method, path, body=None):
    answer = requests.request(method, f"{URL}/sandbox/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer


def step(name, what):
    print(f"{name}\t{what}", flush=True)


def expect(condition, what):
    if not condition:
        raise SystemExit(f"not as expected: {what}")


def meets(kind, action):
    """What `action` raises, which has to be exactly `kind`."""
    try:
        action()
    except kind as error:
        expect(type(error) is kind, f"{type(error).__name__} for {kind.__name__}")
        return f"`{kind.__name__}`"
    raise SystemExit(f"{kind.__name__} was expected")


def fault(action, method="GET", prefix="/Contact/Customer"):
    matches = {"method": method, "path_prefix": prefix}
    control("POST", "faults", [{"action": action, "match": matches}])


def consent():
    credentials = PartnerCredentials("sandbox", "sandbox", "http://127.0.0.1:1/back", scopes=SCOPES)
    redirect = requests.get(credentials.url, allow_redirects=False, timeout=30)
    answer = parse_qs(urlsplit(redirect.headers["Location"]).query)
    credentials.verify(answer["code"][0], answer["businessId"][0])
    return credentials


step("client", f"`pymyob` {version('pymyob')} (PyPI)")
control("POST", "reset")
# What this client was written for: new keys, scopes, every error inside `Errors`.
control(
    "PUT",
    "switches",
    {
        "keys": "new",
        "scopes": "enforce",
        "files": "listed",
        "business_id_on_redirect": "with_prompt",
        "access_error_shape": "wrapped",
    },
)

credentials = consent()
expect(credentials.business_id and not credentials.expired(), "a business and a token that counts")
step("authorise", "consent page, code, tokens; the business from the redirect")

old = credentials.refresh_token
credentials.refresh()
expect(credentials.refresh_token != old, "a new refresh token")
step("refresh", "new access token, new refresh token")

api = Myob(credentials)
business = api.business()
expect(business["Id"] == credentials.business_id, business)
expect(b"Build" in api.info() if isinstance(api.info(), bytes) else "Build" in api.info(), "info")
step("company file", "`business()` and `info()`")

codes = api.general_ledger.taxcode(Code="GST")["Items"]
accounts = api.general_ledger.account(raw_filter="Type eq 'Income'")["Items"]
expect(len(codes) == 1 and len(accounts) == 1, (codes, accounts))
step("list and filter", "`Code eq`, `raw_filter`")

for at in range(5):
    api.contacts.post_customer(data={"CompanyName": f"Customer {at}", "DisplayID": f"C{at}"})
pages = [api.contacts.customer(limit=2, page=page, orderby="DisplayID") for page in (1, 2, 3)]
names = [[it["DisplayID"] for it in page["Items"]] for page in pages]
expect(names == [["C0", "C1"], ["C2", "C3"], ["C4"]], names)
expect(pages[0]["Count"] == 5 and pages[0]["NextPageLink"] and not pages[2]["NextPageLink"], pages)
step("page", "`limit` and `page` as `$top` and `$skip`; `Count`, `NextPageLink`")

customer = api.contacts.post_customer(data={"CompanyName": "O'Brien & Söhne", "DisplayID": "NEW"})
step("create a customer", "201 with the record (`returnBody=true`)")

invoice = api.invoices.post_service(
    data={
        "Number": "PY-1",
        "Date": str(date(2026, 7, 1)),
        "Customer": {"UID": customer["UID"]},
        "IsTaxInclusive": False,
        "Lines": [
            {
                "Type": "Transaction",
                "Description": "Work",
                "Total": 100.0,
                "Account": {"UID": accounts[0]["UID"]},
                "TaxCode": {"UID": codes[0]["UID"]},
            }
        ],
    }
)
expect(invoice["TotalAmount"] == 110.0, invoice)
step("create an invoice", "201 with the record and its totals")

found = api.invoices.all(Number="PY-1", Date__gt=date(2026, 6, 30))["Items"]
expect([it["UID"] for it in found] == [invoice["UID"]], found)
invoice = api.invoices.get_service(uid=invoice["UID"])
expect(invoice["Number"] == "PY-1" and len(invoice["Lines"]) == 1, invoice)
step("read back", "by number and date, by UID")

stale = dict(invoice)
invoice["Comment"] = "changed"
changed = api.invoices.put_service(uid=invoice["UID"], data=invoice)
expect(changed["RowVersion"] != stale["RowVersion"], changed)
step("update with RowVersion", "200 with the record and a new version")

put = lambda: api.invoices.put_service(uid=stale["UID"], data=stale)  # noqa: E731
step("409: stale RowVersion", meets(MyobConflict, put))

expect(api.invoices.delete_service(uid=invoice["UID"]) in ({}, b""), "an empty answer")
expect(api.contacts.delete_customer(uid=customer["UID"]) in ({}, b""), "an empty answer")
step("delete", "invoice and customer; 200 with nothing in it")

step("404", meets(MyobNotFound, lambda: api.invoices.get_service(uid=invoice["UID"])))
step("400", meets(MyobBadRequest, lambda: api.contacts.post_customer(data={})))

control("POST", "tokens/expire")
step("401: token expired", meets(MyobUnauthorized, api.contacts.customer) + ", then `refresh()`")
credentials.refresh()
api = Myob(credentials)
api.contacts.customer()

fault("access_denied")
denied = meets(MyobForbidden, api.contacts.customer)
scope = meets(MyobForbidden, api.inventory.item)
expect(denied == scope, (denied, scope))
step("403: AccessDenied", f"{denied}, also for a scope that was not asked for")
fault("rate_limit")
step("403: RateLimitError", meets(MyobRateLimitExceeded, api.contacts.customer))
fault("error_500")
step("500", meets(MyobInternalServerError, api.contacts.customer))
fault("gateway_timeout")
step("504", meets(MyobGatewayTimeout, api.contacts.customer))

control("POST", "tokens/revoke")
try:
    credentials.refresh()
    raise SystemExit("a revoked consent was refreshed")
except Exception as error:  # oauthlib makes its class from the answer's word
    expect("invalid_grant" in str(error), error)
    step("consent revoked", f"`{type(error).__name__}`: invalid_grant")
