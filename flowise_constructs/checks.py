"""The rules a value is checked with, and the annotated types that carry them.

A rule takes a value of the right Python type and returns what is wrong with it and how to mend it, or None.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_HOST = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?\.?")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_QUANTITY = re.compile(r"([0-9]+|[0-9]+\.[0-9]+|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_BYTES = re.compile(r"[0-9]+(\.[0-9]+)?(b|kb|mb|gb)", re.IGNORECASE)
_REPOSITORY = re.compile(
    r"([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
)
_CRON_FIELD = re.compile(r"(\*|[A-Za-z0-9]+(-[A-Za-z0-9]+)?)(/[0-9]+)?(,(\*|[A-Za-z0-9]+(-[A-Za-z0-9]+)?)(/[0-9]+)?)*")
_CRON_MACROS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
# robfig/cron, which Kubernetes uses, ends the week at 6.
_CRON_RANGES = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
_CRON_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "day of week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_UNQUOTED_NUMBER = re.compile(
    r"[-+]?0[oOBX][0-9a-fA-F_]+|[-+]_[0-9_.eE+-]*|[-+]?[0-9_]*\.?[0-9_]*[eE][-+]?[0-9]*_[0-9_]*"
)
_MISREAD_BLOCK = re.compile(r"\A[ \n]*\t|\n[ \t]+\Z|\A\s*\Z|\r")
_INT32 = 2**31 - 1
_BINARY: dict[str, int] = {suffix: 1024**power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))}
_DECIMAL: dict[str, int] = {suffix: 1000**power for power, suffix in enumerate(("", "k", "M", "G", "T", "P", "E"))}


def text(value: str) -> str | None:
    """A line of printable text; Flowise takes an empty variable for a set one."""
    if not value.strip():
        return "must not be empty: leave the field out instead"
    if not value.isprintable():
        return "must be one line of printable characters"
    return None


def literal(value: str) -> str | None:
    """A literal value of an environment variable."""
    if not value.strip():
        return "must not be empty: several Flowise variables take an empty value for a set one; leave the entry out"
    if any(unsafe(character) for character in value):
        return "must not hold control characters other than tab and line ends, nor lone surrogates"
    return misread(value)


def unsafe(character: str) -> bool:
    """Whether YAML or a process environment can't carry the character."""
    point = ord(character)
    if character in "\t\n\r":
        return False
    # YAML 1.1, which Kubernetes reads, ends lines at U+2028 and U+2029 and refuses a byte order mark.
    if point in (0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF):
        return True
    return point < 0x20 or 0x7F <= point <= 0x9F or 0xD800 <= point <= 0xDFFF


def misread(value: str) -> str | None:
    """Whether what cdk8s writes for the text is read as something else by Kubernetes' YAML reader.

    As seen with cdk8s 2.70 and kubectl 1.32: the one leaves 0o17 without quotes, the other reads 15; and the one writes
    blocks of lines that the other can't read, or reads with a backslash in them.
    """
    if _UNQUOTED_NUMBER.fullmatch(value):
        return "would be read as a number by Kubernetes, from YAML without quotes: write it otherwise"
    if "\n" in value and _MISREAD_BLOCK.search(value):
        return "must not start with a tab, end in a line of blanks or hold carriage returns: YAML can't carry it"
    return None


def dns_label(value: str) -> str | None:
    """RFC 1123 label: Deployments, StatefulSets, CronJobs."""
    if len(value) > 63 or not _LABEL.fullmatch(value):
        return "must be lower-case letters, digits and hyphens, 63 at most, with a letter or digit at both ends"
    return None


def service_name(value: str) -> str | None:
    """RFC 1035 label: a Service's name must start with a letter."""
    if len(value) > 63 or not _SERVICE_LABEL.fullmatch(value):
        return "must start with a letter and be lower-case letters, digits and hyphens, 63 at most, none at the end"
    return None


def dns_subdomain(value: str) -> str | None:
    """RFC 1123 subdomain: names of Secrets, ConfigMaps, claims and classes."""
    if len(value) > 253 or not _SUBDOMAIN.fullmatch(value):
        return "must be a Kubernetes object name: lower-case letters, digits, hyphens and dots, 253 at most"
    return None


def host(value: str) -> str | None:
    """A DNS name or an IP address, without scheme and port."""
    if ":" in value:
        try:
            ipaddress.IPv6Address(value)
        except ValueError:
            return "must be a host name or an IP address alone: the port and the scheme are fields of their own"
        return None
    if len(value) > 253 or not _HOST.fullmatch(value) or ".." in value:
        return "must be a host name or an IP address, without scheme, path and spaces"
    return None


def ingress_host(value: str) -> str | None:
    """A host of an Ingress rule: a DNS name, with `*.` in front for a wildcard; Kubernetes refuses IP addresses."""
    if len(value) > 253 or dns_subdomain(value.removeprefix("*.")) or re.fullmatch(r"[0-9.]+", value):
        return "must be a lower-case DNS name, not an IP address; '*.' may stand in front"
    return None


def port(value: int) -> str | None:
    return None if 1 <= value <= 65535 else "must be a port from 1 to 65535"


def positive(value: int) -> str | None:
    return None if 1 <= value <= _INT32 else f"must be from 1 to {_INT32}"


def count(value: int) -> str | None:
    return None if 0 <= value <= _INT32 else f"must be from 0 to {_INT32}"


def quantity(value: str) -> str | None:
    """A Kubernetes quantity above zero, such as 500m, 2 or 8Gi."""
    if not _QUANTITY.fullmatch(value):
        return "must be a Kubernetes quantity such as '500m', '2' or '8Gi'"
    if amount(value) == 0:
        return "must be above zero"
    return None


def size(value: str) -> str | None:
    """A Kubernetes quantity of bytes: at least one mebibyte, so that a forgotten suffix is seen."""
    if (problem := quantity(value)) is not None:
        return problem
    return None if 2**20 <= amount(value) < 2**60 else "is not a plausible size in bytes: write it as '512Mi' or '8Gi'"


def amount(value: str) -> Decimal:
    """What a quantity stands for, in its unit."""
    match = _QUANTITY.fullmatch(value)
    if match is None:
        raise ValueError(value)
    suffix = match[2] or ""
    if suffix == "m":
        return Decimal(match[1]) / Decimal(1000)
    factor = _BINARY[suffix] if suffix in _BINARY else _DECIMAL[suffix]
    return Decimal(match[1]) * Decimal(factor)


def mebibytes(value: str) -> int:
    """A quantity of bytes in whole mebibytes."""
    return int(amount(value) // 2**20)


def file_size(value: str) -> str | None:
    """A size as Node's `bytes` package reads it; a word it can't read means no limit at all."""
    return None if _BYTES.fullmatch(value) else "must be a number with b, kb, mb or gb behind it, such as '50mb'"


def env_name(value: str) -> str | None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return "must be the name of an environment variable: letters, digits and underscores, no digit first"
    return None


def data_key(value: str) -> str | None:
    """A key of a Secret or ConfigMap."""
    if (
        len(value) > 253
        or not re.fullmatch(r"[-._a-zA-Z0-9]+", value)
        or value in (".", "..")
        or value.startswith("..")
    ):
        return "must be a key of a Secret or ConfigMap: letters, digits, '-', '_' and '.', 253 at most"
    return None


def label_key(value: str) -> str | None:
    """A key of a label or annotation: an optional DNS prefix, a slash, a name."""
    prefix, slash, name = value.rpartition("/")
    if (slash and dns_subdomain(prefix)) or len(name) > 63 or not _QUALIFIED.fullmatch(name):
        return "must be a Kubernetes key: [prefix/]name, the name 63 characters at most"
    return None


def label_value(value: str) -> str | None:
    if value and (len(value) > 63 or not _QUALIFIED.fullmatch(value)):
        return "must be a label value: 63 characters at most, letters, digits, '-', '_' and '.'"
    return None


def annotation_value(value: str) -> str | None:
    if any(unsafe(character) for character in value):
        return "must be text without control characters"
    return None


def all_annotations(values: Mapping[str, str]) -> str | None:
    """Kubernetes takes 256 KiB for an object; we, and others, add some of our own."""
    length = sum(len(key.encode()) + len(value.encode()) for key, value in values.items())
    return "are longer than 200 KiB together" if length > 200 * 1024 else None


def path(value: str) -> str | None:
    """An absolute path inside a container."""
    if (
        not value.startswith("/")
        or ":" in value
        or not value.isprintable()
        or {"..", "."} & {*value.split("/")}
        or "//" in value
    ):
        return "must be an absolute path without ':', '//', '.' and '..'"
    return None


def directory(value: str) -> str | None:
    """An absolute path inside a container that is not its root."""
    if (problem := path(value)) is not None:
        return problem
    return "must not be the root directory" if value.strip("/") == "" else None


def repository(value: str) -> str | None:
    if len(value) > 255 or not _REPOSITORY.fullmatch(value):
        return "must be an image name without tag and digest: [host[:port]/]path, in lower case"
    return None


def tag(value: str) -> str | None:
    """An image tag that stands for one build."""
    if not re.fullmatch(r"[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}", value):
        return "must be an image tag: letters, digits, '_', '.' and '-', 128 at most"
    if not re.search(r"[0-9]", value):
        return "is a floating tag: name a version, or give a digest"
    return None


def digest(value: str) -> str | None:
    return None if re.fullmatch(r"sha256:[0-9a-f]{64}", value) else "must be 'sha256:' and 64 hexadecimal digits"


def url(value: str) -> str | None:
    """An absolute http or https URL."""
    if not value.isprintable() or " " in value:
        return "must be a URL without spaces"
    try:
        parts = urlsplit(value)
        problem = host(parts.hostname or "") or (port(parts.port) if parts.port is not None else None)
    except ValueError:
        return "must be a URL such as 'https://flowise.example.com'"
    if not value.startswith(("http://", "https://")) or parts.netloc.endswith(":") or problem:
        return "must be an http:// or https:// URL with a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold credentials: they belong in a Secret"
    return None


def origin(value: str) -> str | None:
    """A URL without path: Flowise serves its UI from the root of a host alone."""
    if (problem := url(value)) is not None:
        return problem
    parts = urlsplit(value)
    if parts.path not in ("", "/") or "?" in value or "#" in value:
        return "must have no path, query or fragment: Flowise can't be served below a base path"
    return None


def cors_origin(value: str) -> str | None:
    return None if value == "*" else _listed(value) or origin(value)


def frame_source(value: str) -> str | None:
    """A source of the CSP directive frame-ancestors."""
    if value in ("*", "'self'", "'none'"):
        return None
    if re.fullmatch(r"[a-zA-Z][-+.a-zA-Z0-9]*:", value):
        return None
    bare = re.sub(r"^(https?://)?(\*\.)?", "", value)
    if re.fullmatch(r"[-A-Za-z0-9.]+(:([0-9]+|\*))?", bare):
        return None
    return (
        "must be \"'self'\", \"'none'\", '*', a scheme such as 'https:' or an origin such as 'https://app.example.com'"
    )


def listed(value: str) -> str | None:
    """An item of a list that Flowise splits at commas."""
    return text(value) or _listed(value)


def _listed(value: str) -> str | None:
    return "must not hold a comma: each item is an entry of its own" if "," in value else None


def bucket(value: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]", value) or ".." in value:
        return "must be a bucket name: 3 to 63 lower-case letters, digits, hyphens and dots"
    return None


def region(value: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9]*", value) else "must be a region such as 'us-east-1'"


def prefix(value: str) -> str | None:
    """A key prefix in a bucket."""
    if not re.fullmatch(r"[-A-Za-z0-9_.=]+(/[-A-Za-z0-9_.=]+)*", value) or ".." in value:
        return "must be a key prefix such as 'flowise/prod': letters, digits, '-', '_', '.', '=', no slash at the ends"
    return None


def queue_name(value: str) -> str | None:
    """BullMQ throws on a colon in a queue's name."""
    if len(value) > 200 or not re.fullmatch(r"[A-Za-z0-9][-_.A-Za-z0-9]*", value):
        return "must be letters, digits, '-', '_' and '.': BullMQ refuses a colon"
    return None


def identifier(value: str) -> str | None:
    """A name of a database or role that a server of ours makes."""
    if not re.fullmatch(r"[a-z_][-a-z0-9_]{0,62}", value):
        return "must be lower-case letters, digits, '_' and '-', 63 at most, and start with a letter"
    return None


def certificate(value: str) -> str | None:
    """One or more certificates as PEM text."""
    if "PRIVATE KEY" in value:
        return "must not hold a private key: only certificates stand in the YAML"
    blocks = value.isascii() and re.findall(
        r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", value
    )
    return None if blocks else "must be PEM text with a BEGIN CERTIFICATE block"


def time_zone(value: str) -> str | None:
    """A name of the tz database; not 'Local', which Kubernetes refuses."""
    if not re.fullmatch(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", value) or value == "Local":
        return "must be a name of the tz database such as 'Europe/Zurich' or 'Etc/UTC'"
    return None


def cron(value: str) -> str | None:
    """A schedule as Kubernetes' CronJob reads it: five fields, or a macro."""
    if value in _CRON_MACROS:
        return None
    fields = value.split(" ")
    if len(fields) != 5:
        return "must be five cron fields with one space between them, such as '0 3 * * *', or a macro such as '@daily'"
    for field, (name, low, high) in zip(fields, _CRON_RANGES, strict=True):
        if not _cron_field(field, name, low, high):
            return f"has a wrong {name} field '{field}': {low} to {high}, with '*', ',', '-' and '/'"
    return None


def _cron_field(field: str, name: str, low: int, high: int) -> bool:
    if not _CRON_FIELD.fullmatch(field) or len(field) > 200:
        return False
    names = _CRON_NAMES.get(name, ())
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not 1 <= int(step) <= high:
            return False
        if span == "*":
            continue
        ends = [_cron_number(end, names, low) for end in span.split("-")]
        if any(end is None or not low <= end <= high for end in ends) or (len(ends) == 2 and ends[0] > ends[1]):  # type: ignore[operator]
            return False
    return True


def _cron_number(word: str, names: tuple[str, ...], low: int) -> int | None:
    if word.lower() in names:
        return names.index(word.lower()) + low
    return int(word) if word.isascii() and word.isdigit() else None


Text = Annotated[str, text]
Literally = Annotated[str, literal]
DnsLabel = Annotated[str, dns_label]
ServiceName = Annotated[str, service_name]
ObjectName = Annotated[str, dns_subdomain]
Host = Annotated[str, host]
IngressHostName = Annotated[str, ingress_host]
Port = Annotated[int, port]
Positive = Annotated[int, positive]
Count = Annotated[int, count]
Quantity = Annotated[str, quantity]
Size = Annotated[str, size]
FileSize = Annotated[str, file_size]
EnvName = Annotated[str, env_name]
DataKey = Annotated[str, data_key]
LabelKey = Annotated[str, label_key]
LabelValue = Annotated[str, label_value]
AnnotationValue = Annotated[str, annotation_value]
Annotations = Annotated[Mapping[LabelKey, AnnotationValue], all_annotations]
Path = Annotated[str, path]
Directory = Annotated[str, directory]
Repository = Annotated[str, repository]
Tag = Annotated[str, tag]
Digest = Annotated[str, digest]
Url = Annotated[str, url]
Origin = Annotated[str, origin]
CorsOrigin = Annotated[str, cors_origin]
FrameSource = Annotated[str, frame_source]
Listed = Annotated[str, listed]
Bucket = Annotated[str, bucket]
Region = Annotated[str, region]
Prefix = Annotated[str, prefix]
QueueName = Annotated[str, queue_name]
Identifier = Annotated[str, identifier]
Certificate = Annotated[str, certificate]
TimeZone = Annotated[str, time_zone]
Cron = Annotated[str, cron]
