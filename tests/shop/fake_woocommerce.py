"""A WooCommerce server for tests, as strict as the real one (REST v3), and stricter about what it
does not know: an unknown parameter or field is a mistake in the test or in the adapter."""

from __future__ import annotations

import base64
import copy
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "ck_" + "a1" * 20, "cs_" + "b2" * 20
NOW = "2026-11-23T09:30:00"
STATUSES = {
    *("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "trash"),
    *("checkout-draft", "shipped", "out-for-delivery", "packed"),
}
_QUERY = {
    "orders": {"page", "per_page", "search", "customer", "orderby", "order", "status", "_fields"},
    "products": {"page", "per_page", "search", "sku", "status", "_fields"},
    "notes": {"type", "page", "per_page"},
    "refunds": {"page", "per_page"},
}
_WRITABLE = {"status", "shipping", "meta_data"}
_ADDRESS = {"first_name", "last_name", "address_1", "address_2", "city", "postcode", "country"}


class Error(Exception):
    """What WordPress answers if something is wrong."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status}}


class FakeWooCommerce:
    """What a shop holds, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.orders: dict[int, dict[str, Any]] = {}
        self.refunds: dict[int, list[dict[str, Any]]] = {}
        self.notes: dict[int, list[dict[str, Any]]] = {}
        self.products: dict[int, dict[str, Any]] = {}
        self.customers: dict[int, dict[str, Any]] = {}
        self.currency = "MYR"
        self.writable = True
        self.requests: list[tuple[str, str]] = []
        """Method and path with query of every request."""
        self.trouble: list[Callable[[BaseHTTPRequestHandler], bool]] = []
        """Each next request first goes to one of these; True: it has been dealt with."""
        self.lock = threading.Lock()

    def answer(self, method: str, target: str, auth: str, body: Any) -> tuple[int, Any, int | None]:
        """Status, JSON and, for a collection, how many pages there are."""
        self.requests.append((method, target))
        parts = urlsplit(target)
        prefix = "/wp-json/wc/v3/"
        if not parts.path.startswith(prefix):
            raise Error(404, "rest_no_route", "No route was found matching the URL.")
        self._authenticate(method, auth)
        path = parts.path.removeprefix(prefix)
        query = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
        for pattern, verbs in self._routes().items():
            if match := re.fullmatch(pattern, path):
                if method not in verbs:
                    break
                ids = [int(part) for part in match.groups()]
                return verbs[method](*ids, query=query, body=body)
        raise Error(404, "rest_no_route", "No route was found matching the URL.")

    def _authenticate(self, method: str, auth: str) -> None:
        expected = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if not auth:
            raise Error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if auth != f"Basic {expected}":
            raise Error(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.")
        if method != "GET" and not self.writable:
            message = "The API key provided does not have write permissions."
            raise Error(401, "woocommerce_rest_authentication_error", message)

    def _routes(self) -> dict[str, dict[str, Any]]:
        return {
            "orders": {"GET": self._list_orders},
            r"orders/(\d+)": {"GET": self._get_order, "PUT": self._put_order},
            r"orders/(\d+)/notes": {"GET": self._list_notes, "POST": self._post_note},
            r"orders/(\d+)/refunds": {"GET": self._list_refunds},
            "products": {"GET": self._list_products},
            r"products/(\d+)": {"GET": self._get_product},
            r"customers/(\d+)": {"GET": self._get_customer},
            "data/currencies/current": {"GET": self._currency},
        }

    def _list_orders(self, query: dict[str, str], body: Any) -> Any:
        found = [order for order in self.orders.values() if order["status"] != "trash"]
        if "customer" in query:
            found = [o for o in found if o["customer_id"] == _whole(query, "customer")]
        if "search" in query:
            needle = query["search"].lower()
            found = [o for o in found if needle in _searchable(o)]
        if query.get("orderby", "date") != "date" or query.get("order", "desc") != "desc":
            raise Error(400, "rest_invalid_param", "the fake sorts by date only")
        found.sort(key=lambda order: order["date_created_gmt"], reverse=True)
        return _page(found, query, _QUERY["orders"])

    def _get_order(self, number: int, query: dict[str, str], body: Any) -> Any:
        if number not in self.orders:
            raise Error(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return 200, self.orders[number], None

    def _put_order(self, number: int, query: dict[str, str], body: Any) -> Any:
        if number not in self.orders:
            raise Error(400, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        order = self.orders[number]
        assert isinstance(body, dict)
        assert set(body) <= _WRITABLE, f"unknown fields {set(body) - _WRITABLE}"
        if body.get("status", "pending") not in STATUSES:
            raise Error(400, "rest_invalid_param", "Invalid parameter(s): status")
        shipping = body.get("shipping", {})
        assert set(shipping) <= _ADDRESS | {"phone", "state", "company"}
        order["shipping"].update(shipping)
        for meta in body.get("meta_data", []):
            assert set(meta) == {"key", "value"}
            order["meta_data"] = [m for m in order["meta_data"] if m["key"] != meta["key"]]
            order["meta_data"].append({"id": 9000 + len(order["meta_data"]), **meta})
        order["status"] = body.get("status", order["status"])
        order["needs_payment"] = order["status"] in ("pending", "failed")
        order["date_modified_gmt"] = NOW
        return 200, order, None

    def _list_notes(self, number: int, query: dict[str, str], body: Any) -> Any:
        if number not in self.orders:
            raise Error(404, "woocommerce_rest_shop_order_invalid_id", "Invalid order ID.")
        wanted = {"customer": [True], "internal": [False]}.get(query.get("type", ""), [True, False])
        found = [n for n in self.notes.get(number, []) if n["customer_note"] in wanted]
        assert set(query) <= _QUERY["notes"]
        return 200, found, None  # notes come without pages

    def _post_note(self, number: int, query: dict[str, str], body: Any) -> Any:
        if number not in self.orders:
            raise Error(404, "woocommerce_rest_shop_order_invalid_id", "Invalid order ID.")
        assert isinstance(body, dict)
        assert set(body) <= {"note", "customer_note"}
        if not isinstance(body.get("note"), str):
            raise Error(400, "rest_missing_callback_param", "Missing parameter(s): note")
        written = self.notes.setdefault(number, [])
        note = {
            "id": number * 100 + len(written),
            "author": "system",
            "date_created_gmt": NOW,
            "note": body["note"],
            "customer_note": body.get("customer_note", False),
        }
        written.append(note)
        return 201, note, None

    def _list_refunds(self, number: int, query: dict[str, str], body: Any) -> Any:
        return _page(self.refunds.get(number, []), query, _QUERY["refunds"])

    def _list_products(self, query: dict[str, str], body: Any) -> Any:
        found = list(self.products.values())
        if "status" in query:
            found = [p for p in found if p["status"] == query["status"]]
        if "sku" in query:
            found = [p for p in found if p["sku"] in query["sku"].split(",")]
        return _page(found, query, _QUERY["products"])

    def _get_product(self, number: int, query: dict[str, str], body: Any) -> Any:
        if number not in self.products:
            raise Error(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        return 200, self.products[number], None

    def _get_customer(self, number: int, query: dict[str, str], body: Any) -> Any:
        if number not in self.customers:
            raise Error(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return 200, self.customers[number], None

    def _currency(self, query: dict[str, str], body: Any) -> Any:
        return 200, {"code": self.currency, "name": "Malaysian ringgit", "symbol": "RM"}, None


def _whole(query: dict[str, str], name: str) -> int:
    if not query[name].isdecimal():
        raise Error(400, "rest_invalid_param", f"Invalid parameter(s): {name}")
    return int(query[name])


def _page(rows: list[Any], query: dict[str, str], known: set[str]) -> Any:
    assert set(query) <= known, f"unknown parameters {set(query) - known}"
    size = _whole({"per_page": "10", **query}, "per_page")
    page = _whole({"page": "1", **query}, "page")
    if not 1 <= size <= 100 or page < 1:
        raise Error(400, "rest_invalid_param", "Invalid parameter(s): per_page")
    kept = rows[(page - 1) * size : page * size]
    if "_fields" in query:
        kept = [{name: row[name] for name in query["_fields"].split(",")} for row in kept]
    return 200, kept, -(-len(rows) // size)


def _searchable(order: dict[str, Any]) -> str:
    people = [order["billing"], order["shipping"]]
    texts = [str(value) for person in people for value in person.values()]
    texts += [line["name"] for line in order["line_items"]] + [str(order["number"])]
    return "\n".join(texts).lower()


def handler(woo: FakeWooCommerce) -> type[BaseHTTPRequestHandler]:
    """Answers HTTP for it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            length = int(self.headers.get("content-length", 0))
            content = self.rfile.read(length)
            if woo.trouble and woo.trouble.pop(0)(self):
                return
            auth = self.headers.get("authorization", "")
            pages: int | None = None
            try:
                body = json.loads(content) if content else None
                with woo.lock:
                    status, value, pages = woo.answer(self.command, self.path, auth, body)
                    value = copy.deepcopy(value)
            except Error as error:
                status, value = error.status, error.body
            except Exception as error:  # what the fake does not know
                status, value = 500, {"code": "fake", "message": repr(error)}
            self.send(status, json.dumps(value).encode(), pages)

        def send(self, status: int, body: bytes, pages: int | None = None) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json; charset=UTF-8")
            self.send_header("content-length", str(len(body)))
            if pages is not None:
                self.send_header("X-WP-TotalPages", str(pages))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = handle_request

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(woo: FakeWooCommerce) -> Iterator[FakeWooCommerce]:
    """The server on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(woo))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    woo.url = f"http://127.0.0.1:{server.server_port}"
    yield woo
    server.shutdown()
    server.server_close()


def an_address(name: str, **more: str) -> dict[str, str]:
    """A buyer's address in Malaysia."""
    first, _, last = name.partition(" ")
    return {
        "first_name": first,
        "last_name": last,
        "company": "",
        "address_1": "No. 14, Jalan SS 2/55",
        "address_2": "SS 2",
        "city": "Petaling Jaya",
        "state": "SGR",
        "postcode": "47300",
        "country": "MY",
        **more,
    }


def a_line(sku: str, name: str, quantity: int, total: str, product: int = 31) -> dict[str, Any]:
    """A line of an order; the total is that of all pieces, without tax."""
    return {
        "id": product * 10,
        "name": name,
        "product_id": product,
        "variation_id": 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": total,
        "subtotal_tax": "0.00",
        "total": total,
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "sku": sku,
        "price": float(total) / quantity,
    }


def an_order(own_id: int, status: str, **more: Any) -> dict[str, Any]:
    """An order of Aisyah's, as WooCommerce gives it."""
    own = {"email": "Aisyah@example.com", "phone": "012-345 6789", **more.pop("billing", {})}
    billing = an_address("Nur Aisyah", **own)
    paid = status in (
        "processing",
        "completed",
        "shipped",
        "out-for-delivery",
        "refunded",
        "packed",
    )
    return {
        "id": own_id,
        "parent_id": 0,
        "number": str(own_id),
        "order_key": f"wc_order_{own_id}",
        "created_via": "checkout",
        "status": status,
        "currency": "MYR",
        "date_created": "2026-11-20T11:00:00",
        "date_created_gmt": f"2026-11-20T03:{own_id % 60:02}:00",
        "date_modified_gmt": "2026-11-21T03:00:00",
        "discount_total": "0.00",
        "shipping_total": "8.00",
        "shipping_tax": "0.00",
        "total": "167.00",
        "total_tax": "0.00",
        "prices_include_tax": False,
        "customer_id": 7,
        "customer_note": "",
        "billing": billing,
        "shipping": {**an_address("Nur Aisyah"), "phone": ""},
        "payment_method": "bacs",
        "payment_method_title": "Direct bank transfer",
        "transaction_id": "",
        "date_paid_gmt": "2026-11-20T04:00:00" if paid else None,
        "date_completed_gmt": "2026-11-22T05:00:00"
        if status in ("completed", "refunded")
        else None,
        "meta_data": [],
        "line_items": [a_line("RC-180", "Periuk nasi 1.8 L", 1, "159.00")],
        "tax_lines": [],
        "shipping_lines": [{"id": 1, "method_title": "Penghantaran biasa", "total": "8.00"}],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "payment_url": f"https://kedai.example.com/checkout/order-pay/{own_id}/?pay_for_order=true",
        "is_editable": False,
        "needs_payment": status in ("pending", "failed"),
        "needs_processing": True,
        **more,
    }


def a_product(number: int, sku: str, name: str, price: str, **more: Any) -> dict[str, Any]:
    """A product, as WooCommerce gives it."""
    return {
        "id": number,
        "name": name,
        "slug": f"p-{number}",
        "permalink": f"https://kedai.example.com/produk/p-{number}/",
        "type": "simple",
        "status": "publish",
        "catalog_visibility": "visible",
        "description": "",
        "short_description": "<p>Untuk dapur &amp; keluarga.</p>\n",
        "sku": sku,
        "price": price,
        "regular_price": price,
        "sale_price": "",
        "manage_stock": True,
        "stock_quantity": 12,
        "stock_status": "instock",
        "categories": [{"id": 1, "name": "Dapur", "slug": "dapur"}],
        "images": [{"id": 5, "src": f"https://kedai.example.com/img/{number}.jpg", "alt": ""}],
        "attributes": [
            {"id": 0, "name": "Kuasa", "visible": True, "options": ["700 W"]},
            {"id": 0, "name": "Kod dalaman", "visible": False, "options": ["x"]},
        ],
        "meta_data": [],
        **more,
    }


def a_customer(number: int, **more: Any) -> dict[str, Any]:
    """A customer, as WooCommerce gives it."""
    return {
        "id": number,
        "email": "aisyah@example.com",
        "first_name": "Nur Aisyah",
        "last_name": "",
        "role": "customer",
        "username": "aisyah",
        "billing": an_address("Nur Aisyah", email="aisyah@example.com", phone="012-345 6789"),
        "shipping": an_address("Nur Aisyah"),
        "is_paying_customer": True,
        "avatar_url": "",
        "meta_data": [],
        **more,
    }


def stocked() -> FakeWooCommerce:
    """A shop with an order in every state, on which the shared suite relies."""
    woo = FakeWooCommerce()
    parcel = {
        "tracking_provider": "",
        "custom_tracking_provider": "J&amp;T Express",
        "custom_tracking_link": "https://www.jtexpress.my/tracking/630012",
        "tracking_number": "630012",
        "tracking_id": "ab12",
        "date_shipped": "1795305600",
    }
    tracked = [{"id": 1, "key": "_wc_shipment_tracking_items", "value": [parcel]}]
    refunded = an_order(10450, "refunded", refunds=[{"id": 991, "reason": "", "total": "-167.00"}])
    unpaid = {"payment_method": "cod", "date_paid_gmt": None}
    for order in (
        an_order(10482, "shipped", meta_data=tracked),
        an_order(10495, "processing"),
        an_order(10510, "on-hold"),
        an_order(10515, "processing", **unpaid),
        an_order(10501, "completed"),
        an_order(10507, "cancelled"),
        refunded,
        an_order(10520, "pending", billing={"phone": "", "email": "wm@example.com"}, customer_id=0),
        an_order(10530, "trash"),
    ):
        woo.orders[order["id"]] = order
    woo.refunds[10450] = [
        {
            "id": 991,
            "date_created_gmt": "2026-11-22T08:00:00",
            "amount": "167.00",
            "reason": "",
            "refunded_by": 1,
            "refunded_payment": True,
            "meta_data": [],
            "line_items": [],
        }
    ]
    for product in (
        a_product(31, "RC-180", "Periuk nasi elektrik 1.8 L", "159.00"),
        a_product(32, "AF-400", "Penggoreng udara 4 L", "289.00", stock_quantity=0),
        a_product(33, "", "Kipas berdiri 16&quot;", "155.00", manage_stock=False),
        a_product(34, "X-1", "Produk lama", "10.00", status="draft"),
    ):
        woo.products[product["id"]] = product
    woo.customers[7] = a_customer(7)
    return woo
