"""A user of Flowise, as the Ingress passes the requests on."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any

EMAIL = "admin@example.com"
PASSWORD = "Passw0rd!e2e"
HOST = "flowise.example.com"
PORT = 3000
REPLY = "pong-from-worker"
CHAT: Mapping[str, Any] = {"startInputType": "chatInput"}
WEBHOOK: Mapping[str, Any] = {
    "startInputType": "webhookTrigger",
    "webhookEnableAuth": True,
    "webhookSignatureType": "plain-token",
}
"""Start's inputs for a flow that a webhook runs, whose caller shows the secret."""


@dataclass(frozen=True)
class Answer:
    """Status and JSON body."""

    status: int
    body: Any


@dataclass(frozen=True)
class Raw:
    """A body that is no JSON."""

    kind: str
    content: str


class RefusedError(Exception):
    """An answer of another status than 200 or 201."""


@dataclass
class Browser:
    """Somebody with cookies and, once made, an API key. A copy with another address is the same user at another main."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    api_key: str | None = None

    def at(self, address: str) -> Browser:
        return Browser(address, dict(self.cookies), self.api_key)

    def request(self, method: str, path: str, body: object = None, *, timeout: float = 60, **headers: str) -> Answer:
        """One request on a connection of its own; `headers` with `_` in the place of `-`."""
        connection = http.client.HTTPConnection(self.address, PORT, timeout=timeout)
        try:
            response = self._send(connection, method, path, body, headers)
            text = response.read().decode()
            is_json = "json" in (response.getheader("Content-Type") or "")
            return Answer(response.status, json.loads(text) if is_json else text)
        finally:
            connection.close()

    def want(self, method: str, path: str, body: object = None, *, timeout: float = 60) -> Any:
        """The body of an answer that must be good."""
        answer = self.request(method, path, body, timeout=timeout)
        if answer.status not in (200, 201):
            raise RefusedError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def sign_up(self) -> None:
        """Registers the first user, logs in, and makes an API key."""
        user = {"name": "Admin", "email": EMAIL, "credential": PASSWORD}
        self.want("POST", "account/register", {"user": user})
        self.log_in()
        actions = ("view", "create", "update", "delete")
        permissions = [f"{kind}:{action}" for kind in ("agentflows", "chatflows") for action in actions]
        keys = self.want("POST", "apikey", {"keyName": "boot", "permissions": [*permissions, "executions:view"]})
        self.api_key = keys[0]["apiKey"]

    def log_in(self) -> None:
        self.want("POST", "auth/login", {"email": EMAIL, "password": PASSWORD})

    def make_flow(self, name: str, *nodes: Mapping[str, Any], start: Mapping[str, Any] = CHAT) -> str:
        """An agent flow of Start, with those inputs, and the nodes, one after another; its id."""
        chain = [_node("startAgentflow", "Start", start), *nodes]
        edges = [_edge(source, target) for source, target in pairwise(chain)]
        flow = {"nodes": chain, "edges": edges, "viewport": {"x": 0, "y": 0, "zoom": 1}}
        made = self.want("POST", "chatflows", {"name": name, "type": "AGENTFLOW", "flowData": json.dumps(flow)})
        identifier: str = made["id"]
        return identifier

    def make_reader(self, name: str, file: str, text: str) -> str:
        """A flow that answers what is in a file, which is uploaded with the flow; its id."""
        nodes, edges = _reading(file, text)
        flow = {"nodes": nodes, "edges": edges, "viewport": {"x": 0, "y": 0, "zoom": 1}}
        uploads = {"fullFileUpload": {"status": True, "allowedUploadFileTypes": "text/plain"}}
        body = {"name": name, "type": "CHATFLOW", "flowData": json.dumps(flow), "chatbotConfig": json.dumps(uploads)}
        identifier: str = self.want("POST", "chatflows", body)["id"]
        return identifier

    def attach(self, flow: str, chat: str, file: str, text: str) -> Any:
        """Uploads a file to a chat, as the chat's window does."""
        boundary = "flowise-boot"
        head = f'Content-Disposition: form-data; name="files"; filename="{file}"\r\nContent-Type: text/plain'
        content = f"--{boundary}\r\n{head}\r\n\r\n{text}\r\n--{boundary}--\r\n"
        kind = f"multipart/form-data; boundary={boundary}"
        return self.want("POST", f"attachments/{flow}/{chat}", Raw(kind, content))

    def attachment(self, flow: str, chat: str, file: str) -> str:
        """An uploaded file, as the chat's window shows it."""
        text: str = self.want("GET", f"get-upload-file?chatflowId={flow}&chatId={chat}&fileName={file}")
        return text

    def store_credential(self, user: str) -> str:
        """A credential, all of which Flowise encrypts; its id."""
        data = {"basicAuthUsername": user, "basicAuthPassword": PASSWORD}
        body = {"name": "kept", "credentialName": "httpBasicAuth", "plainDataObj": data}
        made = self.want("POST", "credentials", body)
        identifier: str = made["id"]
        return identifier

    def read_credential(self, identifier: str) -> Any:
        """The user of a credential, which Flowise decrypts and shows, unlike the password."""
        return self.want("GET", f"credentials/{identifier}")["plainDataObj"]["basicAuthUsername"]

    def predict(self, flow: str, *, timeout: float = 60) -> str:
        """The text that the flow answers."""
        text: str = self.want("POST", f"prediction/{flow}", {"question": "hi"}, timeout=timeout)["text"]
        return text

    def stream(self, flow: str, *, timeout: float = 60) -> list[tuple[str, Any]]:
        """The events of a streamed prediction, each its name and data."""
        connection = http.client.HTTPConnection(self.address, PORT, timeout=timeout)
        try:
            response = self._send(connection, "POST", f"prediction/{flow}", {"question": "hi", "streaming": True})
            if response.status != 200 or response.getheader("Content-Type") != "text/event-stream":
                raise RefusedError(f"no stream: {response.status} {response.read()!r}")
            return list(_events(response))
        finally:
            connection.close()

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: object,
        further: Mapping[str, str] = MappingProxyType({}),
    ) -> http.client.HTTPResponse:
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.7",
            "x-request-from": "internal",
            "Content-Type": body.kind if isinstance(body, Raw) else "application/json",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **{name.replace("_", "-"): value for name, value in further.items()},
        }
        if path.startswith(("chatflows", "executions")) and self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
            del headers["x-request-from"]
        content = body.content if isinstance(body, Raw) else None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1/{path}", content, headers)
        response = connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return response


def _events(response: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    for line in response:
        if line.startswith(b"data:"):
            event = json.loads(line[len(b"data:") :])
            yield event["event"], event["data"]
            if event["event"] == "end":
                return


def _node(name: str, kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    identifier = f"{name}_0"
    data: dict[str, Any] = {"id": identifier, "label": kind, "name": name, "type": kind, "category": "Agent Flows"}
    data |= {"baseClasses": [kind], "inputParams": [], "inputAnchors": [], "outputAnchors": [], "outputs": {}}
    return {"id": identifier, "type": "agentFlow", "position": {"x": 0, "y": 0}, "data": {**data, "inputs": inputs}}


def _edge(source: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
    output = f"{source['id']}-output-{source['data']['name']}"
    edge = {"id": f"{source['id']}-{target['id']}", "type": "agentFlow", "source": source["id"], "sourceHandle": output}
    return {**edge, "target": target["id"], "targetHandle": target["id"], "data": {}}


def _reading(file: str, text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A document loader, and a function that returns what it has loaded."""
    uploaded = f"data:text/plain;base64,{base64.b64encode(text.encode()).decode()},filename:{file}"
    loader = _part("textFile", "Document Loaders", {"txtFile": uploaded}, "text")
    variables = json.dumps({"document": "{{textFile_0.data.instance}}"})
    inputs = {"functionInputVariables": variables, "javascriptFunction": "return $document"}
    function = _part("customFunction", "Utilities", inputs, "EndingNode")
    # Else the JSON is replaced as a whole.
    function["data"]["inputParams"] = [{"name": "functionInputVariables", "type": "json", "acceptVariable": True}]
    edge = {"id": "e", "source": loader["id"], "sourceHandle": "textFile_0-output-text-string|json"}
    target = {"target": function["id"], "targetHandle": "customFunction_0-input-functionInputVariables-json"}
    return [loader, function], [{**edge, **target, "type": "buttonedge", "data": {}}]


def _part(name: str, category: str, inputs: Mapping[str, str], output: str) -> dict[str, Any]:
    """A node of a chat flow."""
    data: dict[str, Any] = {"id": f"{name}_0", "label": name, "name": name, "type": name, "category": category}
    data |= {"baseClasses": [name], "inputParams": [], "inputAnchors": [], "outputAnchors": []}
    data |= {"inputs": inputs, "outputs": {"output": output}}
    return {"id": f"{name}_0", "type": "customNode", "position": {"x": 0, "y": 0}, "data": data}


def direct_reply() -> dict[str, Any]:
    """A node that answers at once."""
    return _node("directReplyAgentflow", "DirectReply", {"directReplyMessage": REPLY})


def custom_function(javascript: str) -> dict[str, Any]:
    """A node that answers what the JavaScript returns."""
    names = ("InputVariables", "JavascriptFunction", "UpdateState")
    inputs = dict(zip((f"customFunction{name}" for name in names), ("", javascript, ""), strict=True))
    return _node("customFunctionAgentflow", "CustomFunction", inputs)
