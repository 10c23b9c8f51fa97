"""One running installation for all tests of the whole."""

import pytest

from myna.stack import Customer, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    with running(tmp_path_factory.mktemp("home"), shop_faults=True) as installation:
        yield installation


@pytest.fixture
def customer(stack):
    return lambda language=None: Customer(stack.url, language)


@pytest.fixture
def desk(stack):
    return Desk(stack)


class Desk:
    """An agent at the desk, through its API."""

    def __init__(self, stack):
        import requests

        self.http = requests.Session()
        self.http.headers["X-Myna"] = "desk"
        self.url = f"{stack.url}/api/v1/desk"
        self.post("/login", login="agent", password=stack.secret("desk_password"))

    def post(self, path, **body):
        response = self.http.post(self.url + path, json=body, timeout=10)
        assert response.ok, response.text
        return response.json()

    def get(self, path):
        response = self.http.get(self.url + path, timeout=10)
        assert response.ok, response.text
        return response.json()
