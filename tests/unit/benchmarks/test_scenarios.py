"""Every function of the template is asked something in the benchmarks, and the layer suits it."""

import re

from benchmarks import stack
from benchmarks.goals import calls_no_vendor
from benchmarks.layers import kept_services
from benchmarks.scenarios import all_scenarios, check_of
from tests.support.template import REPOSITORY


def test_every_function_of_the_template_has_a_scenario() -> None:
    assert set(all_scenarios()) == {function.name for function in stack.functions()}


def test_the_environment_is_the_templates() -> None:
    urls = dict.fromkeys(("optum", "athena", "decoda", "medfusion"), "http://127.0.0.1:1")
    made = stack.environment(urls, "http://127.0.0.1:2")
    assert made["PAYHUB_VENDOR_TIMEOUT_SECONDS"] == "10"
    assert made["PAYHUB_OPTUM_BASE_URLS"] == "http://127.0.0.1:1"
    assert not any("{" in value for value in made.values())


def test_the_goal_for_functions_without_a_vendor_is_about_such_functions() -> None:
    found = calls_no_vendor()
    assert "api/get_payment" in found and "schedules/sweep" in found
    assert not {"api/issue_payment", "workers/advance_payment", "webhooks/optum"} & set(found)


def test_botocore_keeps_the_services_that_wiring_makes_clients_of() -> None:
    wiring = (REPOSITORY / "layers/payhub/payhub/wiring.py").read_text()
    made = set(re.findall(r'(?:_client|_lazy)\(session, "(\w+)"\)', wiring))
    assert made == set(kept_services()) and made


def test_a_refusal_is_no_good_answer() -> None:
    assert check_of("api/issue_payment")({"statusCode": 201, "body": "{}"})
    assert not check_of("api/issue_payment")({"statusCode": 202, "body": "{}"})
    assert not check_of("api/collect_payment")({"statusCode": 200, "body": '{"success":"false"}'})
    assert not check_of("workers/apply_event")({"batchItemFailures": [{"itemIdentifier": "m"}]})
    assert not check_of("authorizers/api_key")(None)
