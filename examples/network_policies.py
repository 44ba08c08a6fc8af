"""Queue mode behind network policies: who reaches the pods, and what they reach.

Flowise runs its users' code. Here its pods reach the servers that they need and public addresses, and nothing else of
the cluster, of the private network or of the node. The example is AWS: RDS, S3 by EKS Pod Identity, a bundled Redis.

What to know:

- The cluster's network must enforce policies. Many do nothing and say nothing: try it, as the how-to page shows.
- RDS is given by a host name, and a policy knows addresses alone: `database` names its subnets. Redis is a part of the
  deployment and accepts mains and workers alone. AWS's own S3 is on the internet.
- The buckets have no keys: mains, workers and the pods of backups reach the address on the node that EKS Pod Identity
  answers at, port 80. The metadata of the instance stays closed.
- `edge` is Traefik in its namespace, `monitoring` Prometheus. The kubelet's probes need no rule in most networks;
  where they do, `nodes` names the networks of the nodes.
- A vector database in another namespace is one more destination, at the port of its pods.
- A `RestoreJob` may be applied at any time: it has the policy of the backups.

Must exist already: the database and its role, the buckets, the pod identity associations of the service accounts; the
Secrets `flowise-auth-secrets`, `flowise-postgres` (keys `password` and `ca.crt`), `flowise-redis-auth` (key
`redis-password`) and `flowise-tls`.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    Backup,
    BundledRedis,
    DatabaseTls,
    Destination,
    Ingress,
    IngressHost,
    IngressTls,
    NetworkPolicies,
    OutsideServers,
    Owner,
    PodPeer,
    PostgresDatabase,
    Queue,
    QueueChart,
    S3Bucket,
    SecretKey,
)

HOST = "flowise.example.com"


def build(app: App) -> None:
    """Adds the chart to the app."""
    flowise = QueueChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host="flowise.cluster-abc123.eu-central-1.rds.amazonaws.com",
            password=SecretKey(secret="flowise-postgres", key="password"),
            tls=DatabaseTls(ca=SecretKey(secret="flowise-postgres", key="ca.crt")),
        ),
        queue=Queue(redis=BundledRedis()),
        storage=S3Bucket(bucket="example-flowise", region="eu-central-1"),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
        ingress=Ingress(
            hosts=[IngressHost(host=HOST)],
            class_name="traefik",
            tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
        ),
        backup=Backup(target=S3Bucket(bucket="example-flowise-backups", region="eu-central-1")),
    )
    NetworkPolicies(
        flowise,
        "NetworkPolicies",
        deployment=flowise.deployment,
        edge=[PodPeer(namespace="traefik", pods={"app.kubernetes.io/name": "traefik"})],
        monitoring=[PodPeer(namespace="monitoring", pods={"app.kubernetes.io/name": "prometheus"})],
        servers=OutsideServers(database=["10.20.0.0/24", "10.20.1.0/24"]),
        allow=[Destination(to=[PodPeer(namespace="qdrant")], ports=[6333])],
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
