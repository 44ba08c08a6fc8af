"""What differs between the database families: tools, scripts, where the data is. One row per family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowise_constructs.database.servers import PostgresDatabase
from flowise_constructs.database.values import POSTGRES_IMAGE, Database, SqliteDatabase
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How one family is dumped, restored and tested."""

    interpreter: Literal["bash", "node"]
    """What runs the scripts."""
    dump: str
    """Script that writes the dump."""
    restore: str
    """Script that loads it into the database."""
    drill: str
    """Script that loads it into the drill's own database."""
    image: ServerImage | None
    """Image with the tools. None: the Flowise image has them."""
    is_a_server: bool
    """Whether the data is on a server, which may start later; else it is a file on main's claim."""
    asks_for_name: bool = False
    """Whether the drill's tools look the user's name up, which a user that a cluster assigns doesn't have."""

    def command(self, script: str) -> list[str]:
        """The command of a container that runs one of the scripts."""
        return [self.interpreter, f"{SCRIPTS_DIRECTORY}/{script}"]


POSTGRES = Engine(
    interpreter="bash",
    dump="backup-postgres.sh",
    restore="restore-postgres.sh",
    drill="restore-drill-postgres.sh",
    image=POSTGRES_IMAGE,
    is_a_server=True,
    asks_for_name=True,
)
MYSQL = Engine(
    interpreter="bash",
    dump="backup-mysql.sh",
    restore="restore-mysql.sh",
    drill="restore-drill-mysql.sh",
    image=ServerImage(repository="docker.io/library/mariadb", tag="11.8.3-noble"),
    is_a_server=True,
)
SQLITE = Engine(
    interpreter="node",
    dump="backup-sqlite.js",
    restore="restore-sqlite.js",
    drill="restore-sqlite.js",
    image=None,
    is_a_server=False,
)


def engine_of(database: Database) -> Engine:
    """The row of a database."""
    if isinstance(database, SqliteDatabase):
        return SQLITE
    return POSTGRES if isinstance(database, PostgresDatabase) else MYSQL
