"""Certificates for the servers of tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def self_signed(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate, signed by itself, and its key. The names are as in `DNS:example.com` or `IP:127.0.0.1`."""
    signed, key = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", f"/CN={names[0].partition(':')[2]}", "-addext", f"subjectAltName={','.join(names)}"]
    form = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(signed)]
    subprocess.run(["openssl", *form, *subject], check=True, capture_output=True)
    return signed, key
