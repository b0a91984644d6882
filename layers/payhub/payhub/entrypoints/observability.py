"""One log line per request, ids only; libraries that would print bodies are silenced."""

import logging
import traceback

from aws_lambda_powertools import Logger

logger = Logger(location=None)

logging.raiseExceptions = False
"""A log line that cannot be written is lost; its traceback would print what we do not log."""

for _noisy in ("httpx", "httpcore", "botocore", "boto3", "urllib3"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)


def log_unexpected(error: BaseException, **ids: str | None) -> None:
    """The kind and place of an error nobody foresaw; never its text, which may hold a request."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames[-6:]]
    logger.error("unexpected error", extra={"error": type(error).__name__, "places": places, **ids})
