"""Queue mode on managed services, with TLS and the pods' own identity.

PostgreSQL, Redis and the bucket are the cloud's; only Flowise runs in the cluster. The example is AWS: RDS,
ElastiCache, S3, and a role for the service accounts. Other clouds differ in host names and in the annotation of the
identity.

What to know:

- RDS certificates are signed by Amazon's own authorities. The bundle that AWS publishes is in the ConfigMap `rds-ca`,
  key `global-bundle.pem`, and is mounted as a file: it is larger than a variable may be.
- ElastiCache certificates are signed by a public authority: `RedisTls()` without a CA is enough. Use one node, or a
  primary with replicas behind its primary endpoint. Cluster mode doesn't work: Flowise's queue needs one node. Set the
  parameter `maxmemory-policy` to `noeviction`, and use this Redis for nothing else.
- The bucket has no static keys. The annotation gives the pods' service accounts a role that may put, get, delete and
  list objects in the bucket.
- The load balancer ends TLS with a certificate of ACM. `tls_in_front` says so: the public URL is https and cookies are
  secure. It is one proxy in front of Flowise; with a CDN before it, it would be `trusted_proxies=2`.
- Mains and workers are spread over the zones.
- A Job makes the first account, which owns the installation; until then main is not Ready.

Must exist already: the database and its role, the Redis, the bucket, the role; the ConfigMap `rds-ca`; the Secrets
`flowise-auth-secrets`, `flowise-postgres` (key `password`), `flowise-redis` (key `auth-token`) and `flowise-owner`
(key `password`).
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    ConfigMapKey,
    DatabaseTls,
    Ingress,
    IngressHost,
    Main,
    Owner,
    PodOptions,
    PostgresDatabase,
    Queue,
    QueueChart,
    Redis,
    RedisTls,
    Resources,
    S3Bucket,
    SecretKey,
    Settings,
    Worker,
)

OVER_THE_ZONES = PodOptions(
    topology_spread_constraints=[
        {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ]
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    QueueChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host="flowise.cluster-abc123.eu-central-1.rds.amazonaws.com",
            password=SecretKey(secret="flowise-postgres", key="password"),
            tls=DatabaseTls(ca=ConfigMapKey(config_map="rds-ca", key="global-bundle.pem")),
        ),
        queue=Queue(
            redis=Redis(
                host="master.flowise.abc123.euc1.cache.amazonaws.com",
                password=SecretKey(secret="flowise-redis", key="auth-token"),
                tls=RedisTls(),
            )
        ),
        storage=S3Bucket(
            bucket="example-flowise",
            region="eu-central-1",
            service_account_annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/flowise"},
        ),
        settings=Settings(trusted_proxies=1),
        ingress=Ingress(
            hosts=[IngressHost(host="flowise.example.com")],
            class_name="alb",
            annotations={
                "alb.ingress.kubernetes.io/scheme": "internet-facing",
                "alb.ingress.kubernetes.io/target-type": "ip",
                "alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:eu-central-1:111122223333:certificate/abc",
                "alb.ingress.kubernetes.io/healthcheck-path": "/api/v1/ping",
                "alb.ingress.kubernetes.io/load-balancer-attributes": "idle_timeout.timeout_seconds=3600",
            },
            tls_in_front=True,
        ),
        main=Main(replicas=2, resources=Resources.production(), pod=OVER_THE_ZONES),
        worker=Worker(replicas=4, concurrency=20, resources=Resources.production(), pod=OVER_THE_ZONES),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
