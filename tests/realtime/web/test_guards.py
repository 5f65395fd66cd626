"""Who gets in: host, password, origin, size; and what leaves with the answer."""

from __future__ import annotations

import base64

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from realtime.web.guards import Guard, GuardConfig, host_name, logged_in
from realtime.web.visitor import COOKIE

URL = "http://127.0.0.1:7860"
OWN = {"origin": URL}


def client_of(config: GuardConfig | None = None) -> TestClient:
    app = FastAPI()

    @app.get("/")
    def read() -> str:
        return "page"

    @app.post("/rtc/offer")
    async def post(request: Request) -> int:
        return len(await request.body())

    return TestClient(Guard(app, config or GuardConfig()), base_url=URL)


def test_the_page_comes_with_a_visitor_and_may_load_nothing_from_elsewhere() -> None:
    reply = client_of().get("/")
    cookie = reply.headers["set-cookie"]
    assert COOKIE in cookie and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["x-frame-options"] == "DENY"


def test_a_known_visitor_keeps_their_name() -> None:
    client = client_of()
    client.get("/")
    assert "set-cookie" not in client.get("/").headers


def test_a_visitor_of_a_shape_we_never_make_gets_a_new_name() -> None:
    client = client_of()
    client.cookies.set(COOKIE, "admin")
    assert COOKIE in client.get("/").headers["set-cookie"]


def test_behind_https_the_cookie_is_for_https_only() -> None:
    assert "; Secure" in client_of(GuardConfig(https=True)).get("/").headers["set-cookie"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_a_stranger_s_name_for_this_machine_is_not_answered(host: str) -> None:
    assert client_of().get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    ("host", "name"), [("LocalHost:7860", "localhost"), ("[::1]:7860", "::1"), ("127.0.0.1", "127.0.0.1")]
)
def test_the_host_is_read_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://127.0.0.1:1", "null"])
def test_only_our_own_page_may_change_anything(origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert client_of().post("/rtc/offer", headers=headers).status_code == 403
    assert client_of().post("/rtc/offer", headers=OWN, content=b"abc").json() == 3


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    config = GuardConfig(body_bytes_of={"/rtc/": 100})
    reply = client_of(config).post("/rtc/offer", headers=OWN, content=bytes(101))
    assert reply.status_code == 413


def test_a_body_that_grows_too_large_is_given_up() -> None:
    config = GuardConfig(body_bytes_of={"/rtc/": 100})
    reply = client_of(config).post("/rtc/offer", headers=OWN, content=iter([bytes(60), bytes(60)]))
    assert reply.status_code == 413


def test_the_longest_path_decides_the_limit() -> None:
    config = GuardConfig(body_bytes=1, body_bytes_of={"/a/": 2, "/a/b/": 3})
    assert [config.limit(path) for path in ("/", "/a/x", "/a/b/x")] == [1, 2, 3]


def test_with_a_password_nothing_is_shown_without_it() -> None:
    client = client_of(GuardConfig(login=("eva", "long:secret")))
    assert client.get("/").status_code == 401
    assert client.get("/", auth=("eva", "wrong")).status_code == 401
    assert client.get("/", auth=("eva", "long:secret")).status_code == 200


@pytest.mark.parametrize("header", ["", "Basic", "Basic ===", "Bearer abc", "Basic " + "é"])
def test_a_password_that_cannot_be_read_is_wrong(header: str) -> None:
    assert not logged_in(header, ("eva", "secret"))


def test_the_right_password_is_right() -> None:
    assert logged_in("basic " + base64.b64encode(b"eva:secret").decode(), ("eva", "secret"))


def test_web_sockets_are_not_served() -> None:
    with pytest.raises(WebSocketDisconnect), client_of().websocket_connect("/"):
        raise AssertionError("it was let in")
