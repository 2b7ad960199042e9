"""Browser tests: Playwright, Cypress, Selenium, Puppeteer, WebdriverIO."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "browser-missing",
        Category.ENVIRONMENT,
        86,
        (
            "Executable doesn't exist at",
            "Failed to launch the browser process",
            "Failed to launch chrome",
            "cannot find Chrome binary",
            "only supports Chrome version",
            "DevToolsActivePort",
            "missing the dependency: Xvfb",
            "No usable sandbox",
            "Missing X server",
            "Host system is missing dependencies",
            "Could not find Chrome",
            "Cypress verification timed out",
            "no DISPLAY environment",
            "Unable to locate or obtain driver",
            "geckodriver",
            "chromedriver",
        ),
        r"Executable doesn't exist at|Failed to launch (?:the browser process|chrome)"
        r"|cannot find Chrome binary|only supports Chrome version"
        r"|DevToolsActivePort file doesn't exist|missing the dependency: Xvfb|No usable sandbox"
        r"|Missing X server|Host system is missing dependencies"
        r"|Could not find Chrome|Cypress verification timed out"
        r"|Unable to locate or obtain driver|'?(?:gecko"
        r"|chrome)driver'? (?:executable )?needs to be in PATH",
    ),
    Rule(
        "playwright",
        Category.INTEGRATION_TEST,
        77,
        (" › ",),
        r"^\s*\d+\) (?:\[[^\]]{1,60}\] ›"
        r" )?(?P<file>[^\s:]{1,300}\.[cm]?[jt]sx?):(?P<line>\d+):(?P<column>\d+) › (?P<test>.*)",
        key=r"^\s+(?P<message>(?:\w*Error|Test timeout of|Test was|expect\().*)",
        key_optional=True,
        stop=r"^\s*\d+\) \[",
        reach=12,
        trigger=("›",),
    ),
    Rule(
        "cypress",
        Category.INTEGRATION_TEST,
        77,
        ("CypressError", "Timed out retrying", "cy.visit() failed", "failed trying to load"),
        r"(?P<message>(?:CypressError|AssertionError): .*|Timed out retrying after \d+ms: .*)"
        r"|`?cy\.visit\(\)`? failed|Cypress failed to (?:start|verify)",
        fix="test-failure",
    ),
    Rule(
        "cypress-server",
        Category.INTEGRATION_TEST,
        80,
        (
            "Cypress could not verify that this server is running",
            "Your tests are loaded",
            "Timed out waiting for:",
            "wait-on",
        ),
        r"Cypress could not verify that this server is running|Timed out waiting for: https?://",
        fix="service-not-ready",
    ),
    Rule(
        "selenium",
        Category.INTEGRATION_TEST,
        76,
        (
            "selenium.common.exceptions",
            "org.openqa.selenium",
            "SessionNotCreated",
            "NoSuchElement",
            "WebDriverException",
            "WebDriverError",
        ),
        r"(?P<message>(?:selenium\.common\.exceptions|org\.openqa\.selenium)\.\w+Exception: .*)"
        r"|SessionNotCreated\w{0,60}: .*|WebDriverError: .*",
        fix="test-failure",
    ),
    Rule(
        "browser-network",
        Category.INTEGRATION_TEST,
        76,
        ("net::ERR_", "NS_ERROR_CONNECTION_REFUSED"),
        r"net::ERR_(?:CONNECTION|NAME|TIMED|ABORTED|EMPTY|SSL|CERT)\w*|NS_ERROR_CONNECTION_REFUSED",
        fix="test-failure",
    ),
)
