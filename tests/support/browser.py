"""The patient's browser: confirms what stands on the page of the vendor's payment component."""

import os
import shutil
import tempfile
from urllib.parse import parse_qs, urlsplit

import httpx
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

CHROMIUM, FORM = "chromium", "form"
ANSWERED = {"Payment approved": 200, "Payment declined": 402}
"""What the page is headed when the form was taken, and its status."""

_SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    # It asks nobody for anything but the page.
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)
_TIMEOUT_SECONDS = 30


def confirm_on_page(url: str, method: str, outcome: str) -> str:
    """Choose a way to pay and what the bank says to it, and submit; answers how it was done.

    In headless Chromium; where there is none, the page's form is posted. Raises AssertionError
    where the page takes neither.
    """
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        _post(url, method, outcome)
        return FORM
    _click(binary, driver, url, method, outcome)
    return CHROMIUM


def _click(binary: str, driver: str, url: str, method: str, outcome: str) -> None:
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for switch in _SWITCHES:
        options.add_argument(switch)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        webdriver.Chrome(options, _service(driver, folder)) as browser,
    ):
        browser.set_page_load_timeout(_TIMEOUT_SECONDS)
        browser.get(url)
        before = browser.title
        forms = browser.find_elements(By.TAG_NAME, "form")
        assert forms, f"no form: {before}"
        forms[0].find_element(By.CSS_SELECTOR, f'[name="method"][value="{method}"]').click()
        Select(forms[0].find_element(By.NAME, "outcome")).select_by_value(outcome)
        forms[0].find_element(By.TAG_NAME, "button").click()
        WebDriverWait(browser, _TIMEOUT_SECONDS).until(lambda it: it.title != before)
        assert browser.title in ANSWERED, browser.find_element(By.TAG_NAME, "main").text


def _service(driver: str, folder: str) -> webdriver.ChromeService:
    """Whatever the browser and its driver write stands in the folder."""
    return webdriver.ChromeService(driver, env={**os.environ, "TMPDIR": folder})


def _post(url: str, method: str, outcome: str) -> None:
    """What a browser would send."""
    parts = urlsplit(url)
    fields = {
        "sessionKey": parse_qs(parts.query)["sessionKey"][0],
        "method": method,
        "outcome": outcome,
    }
    answer = httpx.post(parts._replace(query="").geturl(), data=fields, timeout=_TIMEOUT_SECONDS)
    assert answer.status_code in ANSWERED.values(), answer.text
