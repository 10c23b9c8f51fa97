from __future__ import annotations

import io
import logging
import subprocess
import sys
import time

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.masking import mask, mask_logs


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("gọi 0903 123 456 nhé", "gọi •••• 456 nhé"),
        ("'text': 'mail Lan.N@a.example.'", "'text': 'mail l•••@a.example.'"),
        ("call +60 12-345 6789", "call •••• 789"),
        ("mã 482913, đơn DH-20413", "mã ••••••, đơn DH-20413"),
        ("email aisyah at example dot com", "email a•••@example.com"),
        ("0903\u200b123456", "•••• 456"),
        ("nothing to hide", "nothing to hide"),
        ("GET /healthz 200 in 0.012 s", "GET /healthz 200 in 0.012 s"),
        ("", ""),
    ],
)
def test_mask(text, masked):
    assert mask(text) == masked


@settings(deadline=None)
@given(st.text(), st.text("0123456789", min_size=6, max_size=6), st.text())
def test_what_is_hidden_is_gone_and_masking_again_changes_nothing(before, code, after):
    masked = mask(f"{before} 0903123456 x {after}")
    assert "0903123456" not in masked
    assert mask(masked) == masked or "@" in masked


def test_long_records_are_masked_to_the_end():
    text = "x " * 3000 + "0903123456 " + "y " * 3000 + "lan@shop.vn"
    assert mask(text) == "x " * 3000 + "•••• 456 " + "y " * 3000 + "l•••@shop.vn"
    for length in range(1985, 2005):
        assert mask("x" * (length - 2) + "y 0903 123 456").endswith("y •••• 456")
    assert mask("\ufdfa" * 200 + " 0903123456").endswith("•••• 456")
    assert "0903" not in mask("y" * 60_000 + "0903123456")


def test_it_takes_no_time():
    line = "User message: đơn DH-20413 sđt 0903 123 456 đâu rồi"
    start = time.process_time()
    for number in range(200):
        mask(f"{line} {number}")
    assert (time.process_time() - start) / 200 < 0.002


@pytest.fixture
def log():
    """A logger and what it wrote, with masking on."""
    before = logging.getLogRecordFactory()
    mask_logs()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("test.masking")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)
    logging.setLogRecordFactory(before)


def test_messages_and_arguments(log):
    logger, written = log
    logger.debug("Received user message '%s'", "sđt 0903123456")
    logger.info("%d of %s", 2, {"phone": "+84903123456"})
    assert (
        written.getvalue() == "Received user message 'sđt •••• 456'\n2 of {'phone': '•••• 456'}\n"
    )


def test_tracebacks(log):
    logger, written = log
    try:
        raise ValueError("[parameters: ('lan@shop.vn', '0903123456')]")
    except ValueError:
        logger.exception("failed")
    assert "0903123456" not in written.getvalue()
    assert "lan@shop.vn" not in written.getvalue()
    assert "Traceback" in written.getvalue()


def test_what_rasa_logs_goes_this_way(log):
    """Rasa logs through structlog, on top of `logging`."""
    from rasa.utils.log_utils import configure_structlog

    logger, written = log
    configure_structlog(logging.DEBUG)
    structlog.get_logger(logger.name).debug("processor.message.parse", text="0903123456")
    assert "processor.message.parse" in written.getvalue()
    assert "0903123456" not in written.getvalue()


def test_masking_needs_neither_spacy_nor_rasa():
    code = "import sys, myna.masking; sys.exit(bool({'spacy', 'rasa', 'sanic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("module", ["myna/front.py", "myna/brain/action_server.py"])
def test_our_servers_mask_their_logs(module):
    from myna.settings import PROJECT

    main = (PROJECT / module).read_text(encoding="utf-8").partition("def main")[2]
    assert "mask_logs()" in main
