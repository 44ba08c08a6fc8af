"""`AuthSecret`: where Flowise's five keys are."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.flowise.auth import KEYS, Auth
from flowise_constructs.kubernetes.references import SecretKey


class AuthSecret(Construct):
    """The five keys, by reference. Deploys nothing and generates nothing; exposes `.auth`.

    The Secret must exist before the pods start, with random values of 32 bytes or more. Back it up separately from the
    database. What is lost with each key:

    - encryption key: every credential stored in Flowise (API keys, OAuth tokens, SSO settings), for good. A wrong key
      in a worker gives no error: the credential comes out empty;
    - JWT auth token secret: every login; users log in again;
    - JWT refresh token secret: every remembered login;
    - express session secret: every session cookie;
    - token hash secret: every issued token, thus every login.

    None may end with a newline: Flowise reads it as part of the encryption key.

    Raises ConfigError if a key is only a name and there is no `existing_secret`.
    """

    auth: Auth
    """The references, for `Flowise.auth`."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        existing_secret: str | None = None,
        encryption_key: str | SecretKey = KEYS["encryption_key"],
        jwt_auth_token_secret: str | SecretKey = KEYS["jwt_auth_token_secret"],
        jwt_refresh_token_secret: str | SecretKey = KEYS["jwt_refresh_token_secret"],
        express_session_secret: str | SecretKey = KEYS["express_session_secret"],
        token_hash_secret: str | SecretKey = KEYS["token_hash_secret"],
        jwt_issuer: str = "Flowise",
        jwt_audience: str = "Flowise",
    ) -> None:
        """`existing_secret` names the Secret; each key is a key name in it, or a `SecretKey` of its own."""
        super().__init__(scope, id)
        self.auth = Auth.from_secret(
            existing_secret,
            encryption_key=encryption_key,
            jwt_auth_token_secret=jwt_auth_token_secret,
            jwt_refresh_token_secret=jwt_refresh_token_secret,
            express_session_secret=express_session_secret,
            token_hash_secret=token_hash_secret,
            jwt_issuer=jwt_issuer,
            jwt_audience=jwt_audience,
        )
