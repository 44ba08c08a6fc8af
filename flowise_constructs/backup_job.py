"""`BackupJob`: scheduled dumps of the database into a bucket."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.values.backup import Backup
from flowise_constructs.values.flowise import Flowise
from flowise_constructs.values.names import Names
from flowise_constructs.values.storage import Claim


class BackupJob(Construct):
    """placeholder"""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        backup: Backup,
        flowise: Flowise,
        names: Names = Names(),
        data: Claim | None = None,
    ) -> None:
        super().__init__(scope, id)
