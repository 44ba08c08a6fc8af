"""What looks like a secret, and what makes one easy to guess."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|CREDENTIALS?)(_|$|\d)"
)
_NO_SECRET_NAME = re.compile(
    r"(FILE|PATH|DIR|URL|URI|ENDPOINT|NAME|EXPIRY|HOURS|MINUTES|SECONDS|ROUNDS|ENABLED|LIMIT|COUNT|TYPE)$"
)
_SECRET_VALUE = re.compile(
    r"\b(sk-[\w-]{8,}|sk_(live|test)_\w{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{12,}|xox[abprs]-[\w-]{8,}"
    r"|AKIA[0-9A-Z]{12,}|AIza[\w-]{20,}|hf_\w{12,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+)|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|://[^/\s:@]+:[^/\s@]+@"
)


def looks_like_a_secret(name: str, value: object) -> bool:
    """Whether a literal seems to be a credential."""
    if not isinstance(value, str) or len(value) < 6 or value.isdigit() or value.startswith("/"):
        return False
    called_so = _SECRET_NAME.search(name.upper()) and not _NO_SECRET_NAME.search(name.upper())
    return bool(called_so or _SECRET_VALUE.search(value))


KEY_BYTES = 32
"""What a key that signs or encrypts should have at least."""
PASSWORD_BYTES = 12
"""What a password that only machines type should have at least."""
_FEW = 6
"""A random value has more different characters than a word that is written several times."""


def guessable(value: str, least: int) -> str | None:
    """Why somebody may guess a secret; None if nothing tells so."""
    size, characters = len(value.encode(errors="surrogatepass")), len(set(value))
    if size < least:
        return f"has {size} bytes, and fewer than {least} can be guessed"
    return f"has only {characters} different characters, and can be guessed" if characters < _FEW else None
