"""The documentation as a site: it builds without a warning, needs no address outside, and each page opens in a browser.

Skipped where the extra `docs` is missing; what needs a browser, where Chromium is. `make docs` installs the first, and
names the site that it has built in SITE.
"""

from __future__ import annotations

import fcntl
import functools
import http.server
import importlib.util
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import pytest

import flowise_constructs

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"),
)


def module(name: str) -> ModuleType:
    """One of docs/generate, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / "generate" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_pictures_are_what_their_source_draws() -> None:
    drawn = module("pictures").pictures()
    assert {path.name for path in PICTURES.glob("*.svg")} == set(drawn)
    for name, picture in drawn.items():
        assert (PICTURES / name).read_text(encoding="utf-8") == picture, "python docs/generate/pictures.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="the extra 'docs' is missing: make docs")
    pytest.importorskip("material", reason="the extra 'docs' is missing: make docs")
    pytest.importorskip("griffe", reason="the extra 'docs' is missing: make docs")
    if built := os.environ.get("SITE"):
        return Path(built).resolve()
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Links(HTMLParser):
    """What a page links to, what it loads, and what may be linked to in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name, value in attrs if name in ("id", "name") and value}
        if tag == "a" and (target := given.get("href")):
            self.links.append(target)
        if tag == "link" and (target := given.get("href")) and given.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(target)
        self.loaded += [value for name in ("src", "srcset") if (value := given.get(name))]


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Links]:
    return {str(path.relative_to(site)): Links(path) for path in sorted(site.rglob("*.html"))}


def test_links_lead_somewhere(site: Path, pages: dict[str, Links]) -> None:
    # 404.html has absolute links, which hold on a server's root.
    broken: list[str] = []
    for name, page in pages.items():
        for link in (*page.links, *page.loaded):
            if re.match(r"[a-z]+:", link):
                continue
            target, anchor = urldefrag(urljoin(f"/{name}", link))
            path = unquote(target).lstrip("/") or "index.html"
            known = pages.get(path)
            lost = anchor and known is not None and unquote(anchor) not in known.anchors | {"__top"}
            if lost or not (site / path).is_file():
                broken.append(f"{name}: {link}")
    assert not broken, "\n".join(broken)


def test_nothing_is_loaded_from_outside(site: Path, pages: dict[str, Links]) -> None:
    loaded = [f"{name}: {link}" for name, page in pages.items() for link in page.loaded if re.match(r"(\w+:)?//", link)]
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not loaded
    assert not re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", styles)


def test_every_public_name_and_field_is_in_the_reference(pages: dict[str, Links]) -> None:
    anchors: set[str] = set().union(*(page.anchors for name, page in pages.items() if name.startswith("reference/")))
    fields = {
        f"{name}.{field}"
        for name in flowise_constructs.__all__
        for field in getattr(getattr(flowise_constructs, name), "__dataclass_fields__", ())
        if not field.startswith("_")
    }
    assert set(flowise_constructs.__all__) <= anchors
    assert fields <= anchors


def test_every_example_has_its_page(pages: dict[str, Links]) -> None:
    assert {f"examples/{path.stem}.html" for path in (ROOT / "examples").glob("*.py")} <= set(pages)


class Browser:
    """Chromium, asked over its pipe: one process for all pages."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        asks, self._asks = os.pipe()
        self._answers, answers = os.pipe()
        # Chromium reads from 3 and writes to 4, which may be numbers of the pipes themselves.
        kept = (fcntl.fcntl(asks, fcntl.F_DUPFD, 100), fcntl.fcntl(answers, fcntl.F_DUPFD, 100))
        plumbing = f'exec 3<&{kept[0]} 4>&{kept[1]}; exec "$@"'
        command = ["bash", "-c", plumbing, "chromium", CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in (asks, answers, *kept):
            os.close(descriptor)
        self._buffer, self._number = b"", 0
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session: str | None = None
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    _session: str | None = None

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command and its result; events that come in between are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._asks, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def open(self, address: str, size: tuple[int, int]) -> list[str]:
        """Loads a page; returns what is wrong with it."""
        width, height = size
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.events.clear()
        self.ask("Page.navigate", url=address)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())
        wide = self.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        wrong = [text for event in self.events if (text := _problem(event))]
        return [*wrong, *([f"{wide} pixels wider than the window"] if wide > 0 else [])]

    def evaluate(self, expression: str) -> Any:
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return result["result"].get("value")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        os.close(self._asks)
        os.close(self._answers)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], 120)
            assert ready, "Chromium doesn't answer"
            read = os.read(self._answers, 1 << 16)
            assert read, "Chromium ended"
            self._buffer += read
        message, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(message))


def _problem(event: dict[str, Any]) -> str | None:
    """What an event says that shouldn't be."""
    method, given = event.get("method"), event.get("params", {})
    if method == "Runtime.exceptionThrown":
        return str(given["exceptionDetails"])
    if method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
        return str(given["args"])
    if method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
        return str(given["entry"])
    if method == "Network.requestWillBeSent":
        address = str(given["request"]["url"])
        return None if address.startswith(("http://127.0.0.1", "data:", "blob:")) else f"asks for {address}"
    return None


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        opened = Browser(Path(folder))
        yield opened
        opened.close()


@pytest.mark.parametrize("screen", WIDTHS)
def test_each_page_opens(screen: str, address: str, browser: Browser, pages: dict[str, Links]) -> None:
    found = {name: browser.open(f"{address}/{name}", WIDTHS[screen]) for name in pages if name != "404.html"}
    assert not {name: wrong for name, wrong in found.items() if wrong}


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("trusted_proxies", r"reference/flowise\.html.*#Settings\.trusted_proxies"),
        ("LANGSMITH_TRACING", r"reference/variables\.html"),
        ("OpenShift", r"how-to/openshift\.html"),
    ],
)
def test_the_search_finds_it(words: str, page: str, address: str, browser: Browser) -> None:
    browser.open(f"{address}/index.html", WIDTHS["desktop"])
    found = browser.evaluate(
        """new Promise((done) => {
            const box = document.querySelector('[data-md-component=search-query]');
            document.querySelector('#__search').checked = true;
            box.focus();
            box.value = 'WORDS';
            box.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));
            box.dispatchEvent(new Event('input', {bubbles: true}));
            const end = Date.now() + 20000;
            const look = () => {
                const links = [...document.querySelectorAll('.md-search-result__link')].map((link) => link.href);
                if (links.length || Date.now() > end) done(links);
                else setTimeout(look, 100);
            };
            look();
        })""".replace("WORDS", words)
    )
    assert any(re.search(page, link) for link in found), found
