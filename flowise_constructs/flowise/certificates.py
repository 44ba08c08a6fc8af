"""The certificates that Flowise's pods have as files."""

from __future__ import annotations

from flowise_constructs.database.variables import database_files
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.flowise.variables import AUTHORITIES_FILE
from flowise_constructs.kubernetes.certificates import CERTIFICATES_SUFFIX, Certificates
from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.references import Pem
from flowise_constructs.queueing.variables import queue_files


def certificates_of(flowise: Flowise, names: Names) -> Certificates:
    """Authorities, and what database and Redis need."""
    authorities = flowise.settings.authorities
    files: dict[str, Pem] = {
        **({AUTHORITIES_FILE: authorities} if authorities is not None else {}),
        **database_files(flowise.database),
        **(queue_files(flowise.queue) if flowise.queue else {}),
    }
    return Certificates(files=files, config_map=derived(names.name, CERTIFICATES_SUFFIX) if files else "")
