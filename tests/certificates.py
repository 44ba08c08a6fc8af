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


def signed_by_an_authority(folder: Path, *names: str) -> tuple[Path, Path, Path]:
    """A server's certificate, its key, and the authority that signed it, which is no server's own."""
    folder.mkdir()
    authority, authority_key = self_signed(folder, "DNS:authority.example")
    authority, authority_key = authority.rename(folder / "ca.crt"), authority_key.rename(folder / "ca.key")
    signed, key, request = folder / "tls.crt", folder / "tls.key", folder / "tls.csr"
    (folder / "names").write_text(f"subjectAltName={','.join(names)}\n")
    subject = ["-subj", f"/CN={names[0].partition(':')[2]}", "-keyout", str(key), "-out", str(request)]
    form = ["req", "-newkey", "rsa:2048", "-nodes", *subject]
    by = ["-CA", str(authority), "-CAkey", str(authority_key), "-extfile", str(folder / "names")]
    sign = ["x509", "-req", "-in", str(request), *by, "-days", "2", "-out", str(signed)]
    for command in (form, sign):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return signed, key, authority
