"""Where things are, and the secrets of this installation.

Settings come from the environment; what must stay the same between two starts (tokens, the key
for signatures) is made at the first run and kept under `MYNA_HOME`, never in the repository.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(os.environ.get("MYNA_PROJECT", Path(__file__).resolve().parent.parent))
"""The top folder, with `shop.yml`, `data/`, `responses/`, `models/`."""

Network = IPv4Network | IPv6Network

_WEBHOOK_CHARACTERS = 500  # as the outbox has room for


class SettingError(ValueError):
    """A setting cannot be used; the message names it and says what to write."""


def home() -> Path:
    """The folder of this installation's state (`MYNA_HOME`, else `var/`), created if missing."""
    path = Path(os.environ.get("MYNA_HOME", PROJECT / "var")).resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def port() -> int:
    """The port of the front server (`MYNA_PORT`, else 8080).

    Raises:
        SettingError: it is no port.
    """
    given = os.environ.get("MYNA_PORT") or "8080"
    if not _is_port(given):
        raise SettingError(f"MYNA_PORT: '{given}' is no port; write a number, e.g. 8080.")
    return int(given)


def _is_port(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,5}", text)) and int(text) <= 65_535


def public_url() -> str:
    """The address at which customers reach the front server (`MYNA_PUBLIC_URL`).

    As browsers write it (`Origin`): in small letters, without the usual port and a slash at the
    end. `http://localhost:<port>` if it is not set. Where it begins with `https:`, cookies are for
    HTTPS only.

    Raises:
        SettingError: it is not the address of a whole host.
    """
    given = os.environ.get("MYNA_PUBLIC_URL") or f"http://localhost:{port()}"
    match = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([^/]+))?/?", given.lower())
    if match is None or not _is_port(match[3] or "80"):
        raise SettingError(
            f"MYNA_PUBLIC_URL: '{given}' is not the address of a host; write scheme and host, with"
            " the port if it is not the usual one and without a path,"
            " e.g. https://chat.shop.example."
        )
    scheme, name, own_port = match.groups()
    usual = {"http": "80", "https": "443"}[scheme]
    return f"{scheme}://{name}" + (f":{own_port}" if own_port not in (None, usual) else "")


def trusted_proxies() -> tuple[Network, ...]:
    """Our own reverse proxies, whose `X-Forwarded-For` is believed (`MYNA_TRUSTED_PROXIES`).

    Addresses or networks with commas between them; none if it is not set.

    Raises:
        SettingError: a part is none, or would trust everybody.
    """
    given = os.environ.get("MYNA_TRUSTED_PROXIES", "")
    return tuple(_network(part.strip()) for part in given.split(",") if part.strip())


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise SettingError(
            f"MYNA_TRUSTED_PROXIES: {error}. Write addresses or networks with commas between them,"
            " e.g. 127.0.0.1, 10.0.0.0/8."
        ) from None
    if network.prefixlen == 0:
        raise SettingError(
            f"MYNA_TRUSTED_PROXIES: '{text}' trusts everybody, so that anybody could claim any"
            " address. Name your own proxies only."
        )
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise SettingError(
            f"MYNA_TRUSTED_PROXIES: '{text}' is IPv4 written as IPv6. Write it as IPv4,"
            f" e.g. {network.network_address.ipv4_mapped}."
        )
    return network


def redis_url() -> str | None:
    """Address of the Redis through which front servers work together; None if it is not set.

    Raises:
        SettingError: it is no address of a Redis.
    """
    given = os.environ.get("MYNA_REDIS_URL")
    if not given:
        return None
    if not given.startswith(("redis://", "rediss://", "unix://")):
        # not repeated in the message: it may carry a password
        raise SettingError(
            "MYNA_REDIS_URL: write redis:// (or rediss:// for TLS, unix:// for a socket) and where"
            " it is, e.g. redis://127.0.0.1:6379/0."
        )
    return given


def webhooks() -> tuple[str, ...]:
    """Addresses that are told of hand-overs, resolved matters and cases (`MYNA_WEBHOOKS`).

    Several stand with commas between them, each once; none if it is not set.

    Raises:
        SettingError: a part is no HTTP address, or too long.
    """
    given = os.environ.get("MYNA_WEBHOOKS", "")
    addresses = dict.fromkeys(part.strip() for part in given.split(",") if part.strip())
    for number, address in enumerate(addresses, start=1):
        # not repeated in the messages: it may carry a secret
        if not _is_http_address(address):
            raise SettingError(
                f"MYNA_WEBHOOKS: address {number} of {len(addresses)} is none. Write http:// or"
                " https:// addresses, with commas between them, e.g."
                " https://erp.shop.example/myna; a comma within an address is written %2C."
            )
        if len(address) > _WEBHOOK_CHARACTERS:
            raise SettingError(
                f"MYNA_WEBHOOKS: address {number} of {len(addresses)} has {len(address)}"
                f" characters; it may have {_WEBHOOK_CHARACTERS}."
            )
    return tuple(addresses)


def _is_http_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        port = parts.port
    except ValueError:
        return False
    plain = text.isprintable() and " " not in text
    return plain and parts.scheme in ("http", "https") and bool(host) and port != 0


def check() -> None:
    """Reads the settings that can be wrong, so that a mistake shows at the start.

    Raises:
        SettingError: one of them cannot be used.
    """
    for setting in (port, public_url, trusted_proxies, redis_url, webhooks, graph_url):
        setting()


def secret(name: str) -> str:
    """The secret `name`: from `MYNA_<NAME>`, else from a file made at the first run (mode 600).

    Several may ask for a new secret at once; the first to create the file decides.
    """
    if value := os.environ.get(f"MYNA_{name.upper()}"):
        return value
    folder = home() / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists():
        handle, draft_name = tempfile.mkstemp(dir=folder, prefix=f".{name}.")  # mode 600
        draft = Path(draft_name)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def given_secret(name: str) -> str | None:
    """A secret that only others can give: from `MYNA_<NAME>`, else from the file that
    `keep_secret` has written; None if nobody has given it."""
    if value := os.environ.get(f"MYNA_{name.upper()}", "").strip():
        return value
    path = home() / "secrets" / name
    return path.read_text().strip() or None if path.exists() else None


def required_secret(name: str) -> str:
    """A secret of the shop's own system: from `MYNA_<NAME>` and nowhere else.

    Raises:
        SettingError: it is not set.
    """
    variable = f"MYNA_{name.upper()}"
    if value := os.environ.get(variable, "").strip():
        return value
    raise SettingError(
        f"{variable} is not set; it holds a secret of your shop's system,"
        " see docs/connect-your-shop.md."
    )


def keep_secret(name: str, value: str) -> None:
    """Writes a secret to its file (mode 600), in place of an earlier one."""
    folder = home() / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    with os.fdopen(handle, "w") as file:
        file.write(value)
    Path(draft).replace(folder / name)


def graph_url() -> str:
    """Where Meta's Graph API is (`MYNA_GRAPH_URL`, else Meta's own address).

    Raises:
        SettingError: it is neither HTTPS nor on this machine, so that tokens would be readable.
    """
    given = os.environ.get("MYNA_GRAPH_URL", "https://graph.facebook.com").rstrip("/")
    if not _is_http_address(given) or not (given.startswith("https://") or _is_loopback(given)):
        raise SettingError(
            f"MYNA_GRAPH_URL: '{given}' is not an https:// address; only an address of this machine"
            " may be http://, e.g. http://127.0.0.1:9000."
        )
    return given


def _is_loopback(address: str) -> bool:
    return urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")


def brain_url() -> str:
    """Address of `rasa run`, as the hub reaches it."""
    return os.environ.get("MYNA_BRAIN_URL", "http://127.0.0.1:5005")


def shop_url() -> str:
    """Address of the demo shop's service, as the actions reach it."""
    return os.environ.get("MYNA_SHOP_URL", "http://127.0.0.1:8090")


def hub_database() -> str:
    """SQLAlchemy address of the hub's database (`MYNA_DATABASE`, else SQLite under the home)."""
    return os.environ.get("MYNA_DATABASE", f"sqlite:///{home() / 'hub.db'}")


def brain_database() -> str:
    """Address of the brain's database (`MYNA_BRAIN_DATABASE`, else SQLite under the home)."""
    return os.environ.get("MYNA_BRAIN_DATABASE", f"sqlite:///{home() / 'brain.db'}")


def models() -> Path:
    """The folder of trained models (`MYNA_MODELS`, else `models/`)."""
    return Path(os.environ.get("MYNA_MODELS", PROJECT / "models"))


def actions_url() -> str:
    """Address of the action server."""
    return os.environ.get("MYNA_ACTIONS_URL", "http://127.0.0.1:5055")


def host() -> str:
    """The address on which the front server listens (`MYNA_HOST`, else this machine only)."""
    return os.environ.get("MYNA_HOST", "127.0.0.1")


QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}
"""Environment of all Rasa processes: nothing is sent home, no more threads than needed."""


def rasa_environment() -> dict[str, str]:
    """The environment in which Rasa's processes are started."""
    return {**os.environ, **QUIET}
