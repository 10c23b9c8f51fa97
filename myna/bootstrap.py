"""Which adapters stand behind the ports; the one place that chooses them."""

from __future__ import annotations

from functools import cache

from myna import settings
from myna.sending.mail import SmtpMail
from myna.sending.protocol import Sender
from myna.sending.route import Routes, ShopSender
from myna.sending.sms import SmsGateway
from myna.shop.http import HttpShop
from myna.shop.model import Contact
from myna.shop.protocol import Shop
from myna.texts import Catalogue


@cache
def shop() -> Shop:
    """The shop's own system, over HTTP."""
    return HttpShop(settings.shop_url(), settings.secret("shop_token"))


@cache
def catalogue() -> Catalogue:
    """Texts and facts of this process."""
    return Catalogue()


def sender() -> Sender:
    """How one-time codes leave: as `sending` in `shop.yml` says, also when it was just changed."""
    facts = catalogue().facts
    sending = facts.sending
    ways: dict[Contact, Sender] = {}
    if sending.phone == "shop":
        ways["phone"] = ShopSender(shop())
    elif sending.phone == "sms" and sending.sms:
        ways["phone"] = SmsGateway(sending.sms, settings.given_secret("sms_secret"))
    if sending.email == "shop":
        ways["email"] = ShopSender(shop())
    elif sending.email == "smtp" and sending.smtp:
        ways["email"] = SmtpMail(sending.smtp, settings.given_secret("smtp_password"), facts.name)
    return Routes(ways)
