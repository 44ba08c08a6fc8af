"""Another project's app: its own worker, in its own chart."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs import (
    App,
    Auth,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    EnvValue,
    FlowiseWorker,
    JsonPatch,
    MysqlDatabase,
    Names,
    Queue,
    QueueChart,
    S3Bucket,
    SecretKey,
    Worker,
)


class TracedWorker(FlowiseWorker):
    """A worker that tells a tracing service what it does."""

    def env(self) -> dict[str, EnvValue]:
        return {**super().env(), "LANGSMITH_API_KEY": SecretKey(secret="tracing", key="api-key")}


class TeamFlowise(QueueChart):
    """A team's installation: what differs between teams is its name."""

    worker_class = TracedWorker

    def __init__(self, scope: Construct, team: str) -> None:
        super().__init__(
            scope,
            team,
            names=Names(name=team),
            auth=Auth.from_secret(f"{team}-keys"),
            database=BundledPostgres(),
            queue=Queue(redis=BundledRedis()),
            storage=S3Bucket(bucket=f"{team}-files"),
            worker=Worker(replicas=2),
        )
        self.postgres.stateful_set.add_json_patch(JsonPatch.add("/spec/revisionHistoryLimit", 3))


def database_without_ca() -> MysqlDatabase | None:
    """What a typed caller sees of a refusal."""
    try:
        return MysqlDatabase(host="mysql://db", password=SecretKey(secret="db", key="password"))
    except ConfigError as error:
        print(*error.findings, sep="\n")
        return None


if __name__ == "__main__":
    assert database_without_ca() is None
    app = App()
    TeamFlowise(app, "blue")
    TeamFlowise(app, "green")
    app.synth()
