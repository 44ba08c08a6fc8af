"""Ways to write a path that Flowise takes for one that a public door mustn't open."""

from __future__ import annotations

from collections.abc import Iterator

OPEN = ("prediction", "leads", "chatmessage/abort")


def spellings(*segments: str) -> dict[str, None]:
    """Of `/api/v1/` and the segments: encodings, tags, case, slashes, traversals from the path and to it."""
    return dict.fromkeys([*_of_itself(segments), *_through_others(segments)])


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
    for tag in ("%3Cx%3E", "%3C/x%3E", "%3C!--x--%3E", "%3Cx/%3E", "<x>", "%253Cx%253E", "%3cscript%3Ea%3c/script%3E"):
        yield plain.replace(last, f"{last[:3]}{tag}{last[3:]}")
        yield f"{plain}{tag}"
        yield plain.replace("/v1/", f"/v{tag}1/")
        yield f"/{tag}api/v1/" + "/".join(segments)
        yield f"/api/v1/{tag}" + "/".join(segments)
    encoded = "".join(f"%{ord(character):02x}" for character in last)
    yield plain.replace(last, encoded)
    yield plain.replace(last, encoded.replace("%", "%25"))
    yield plain.replace(last, f"%{ord(last[0]):02X}{last[1:]}")


def _through_others(segments: tuple[str, ...]) -> Iterator[str]:
    path = "/".join(segments)
    up = len(segments)
    for other in OPEN:
        here = other.count("/") + 1
        for dots in ("..", "%2e%2e", ".%2E", "..;", "%252e%252e", "..%5c"):
            for slash in ("/", "%2f", "\\"):
                yield f"/api/v1/{other}/" + f"{dots}{slash}" * here + path
                # A proxy that resolves the dots to match, and forwards them.
                yield f"/api/v1/{path}/" + f"{dots}{slash}" * up + other
                yield f"/api/v1/{path}/" + f"{dots}{slash}" * up + f"{other}/x"
            # What lies in the tag is taken out by Flowise, after the proxy has resolved it.
            for opening, closing in (("%3Cx", "%3E"), ("%3Cx%20a=", "%3E"), ("%3C!--", "--%3E"), ("<x", ">")):
                yield f"/api/v1/{path}{opening}/" + f"{dots}/" * up + f"{other}/{closing}"
                yield f"/api/v1/{path}/{opening}/" + f"{dots}/" * (up + 1) + f"{other}/{closing}"
        yield f"/api/v1/{other}/?/../../{path}"
        yield f"/api/v1/{other}#/../../{path}"
        yield f"/api/v1/{other}%3Cx%3E/../{path}"
        yield f"/api/v1/{other}%23/../../{path}"
        yield f"/api/v1/%3C{other}/%3E{path}"
        yield f"http://other.example/api/v1/{path}"
