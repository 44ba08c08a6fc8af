"""Data as Flowise has them, and worse: 100,000 messages, every script, large objects."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = (
    "chat_flow",
    "chat_message",
    "credential",
    "document_store",
    "migrations",
    "organization",
    "tool",
    "user",
    "workspace",
)
UNICODE = "Grüße, 你好, שלום, 👩‍🔬, 'quoted', \"double\", back\\slash, a\ttab, two\nlines, (bracket"

POSTGRES = r"""
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE TABLE migrations (id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name varchar NOT NULL);
CREATE TABLE organization (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name text);
CREATE TABLE "user" (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), email text UNIQUE NOT NULL);
CREATE TABLE workspace (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), organization uuid REFERENCES organization, name text);
CREATE TABLE chat_flow (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name varchar, "flowData" text, workspace uuid REFERENCES workspace);
CREATE TABLE chat_message (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), chatflowid uuid NOT NULL REFERENCES chat_flow, content text,
    "createdDate" timestamp DEFAULT now());
CREATE TABLE credential (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name varchar, "encryptedData" text);
CREATE TABLE document_store (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name varchar, loaders text);
CREATE TABLE tool (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name varchar, func text);
CREATE TABLE login_sessions (sid varchar PRIMARY KEY, sess json);
CREATE SCHEMA vectors;
CREATE TYPE vectors.state AS ENUM ('new', 'done');
CREATE TABLE vectors.documents (id int, state vectors.state, bytes bytea);
CREATE VIEW messages AS SELECT content FROM chat_message;
CREATE FUNCTION vectors.two() RETURNS int LANGUAGE sql AS 'SELECT 2';
INSERT INTO organization (name) VALUES ('one');
INSERT INTO "user" (email) VALUES ('admin@example.com');
INSERT INTO workspace (organization, name) SELECT id, 'Default' FROM organization;
INSERT INTO chat_flow (name, "flowData", workspace)
    SELECT $q$%(unicode)s$q$ || n, repeat('{"nodes":[]}', 500), workspace.id FROM workspace, generate_series(1, 20) n;
INSERT INTO chat_message (chatflowid, content)
    SELECT (SELECT id FROM chat_flow ORDER BY name LIMIT 1),
           $q$%(unicode)s$q$ || md5(n::text) || repeat(md5((n * 7)::text), %(repeat)s)
    FROM generate_series(1, %(messages)s) n;
INSERT INTO credential (name, "encryptedData") VALUES ('openAIApi', 'U2FsdGVkX1');
INSERT INTO login_sessions VALUES ('a', '{}'), ('b', '{}');
INSERT INTO migrations ("timestamp", name) SELECT n, 'M' || n FROM generate_series(1, 59) n;
INSERT INTO vectors.documents SELECT n, 'done', decode(md5(n::text), 'hex') FROM generate_series(1, 100) n;
SELECT lo_from_bytea(0, decode(repeat(md5('a'), 5000), 'hex')), lo_from_bytea(0, decode('00ff', 'hex'));
"""

MARIADB = r"""
CREATE TABLE migrations (id int AUTO_INCREMENT PRIMARY KEY, `timestamp` bigint NOT NULL, name varchar(255) NOT NULL);
CREATE TABLE organization (id varchar(36) PRIMARY KEY, name text);
CREATE TABLE `user` (id varchar(36) PRIMARY KEY, email varchar(255) UNIQUE NOT NULL);
CREATE TABLE workspace (
    id varchar(36) PRIMARY KEY, organization varchar(36), name text,
    CONSTRAINT w_o FOREIGN KEY (organization) REFERENCES organization (id));
CREATE TABLE chat_flow (
    id varchar(36) PRIMARY KEY, name varchar(255), flowData longtext, workspace varchar(36),
    CONSTRAINT f_w FOREIGN KEY (workspace) REFERENCES workspace (id));
CREATE TABLE chat_message (
    id varchar(36) PRIMARY KEY, chatflowid varchar(36) NOT NULL, content longtext,
    createdDate datetime(6) DEFAULT CURRENT_TIMESTAMP(6), KEY i (chatflowid));
CREATE TABLE credential (id varchar(36) PRIMARY KEY, name varchar(255), encryptedData blob);
CREATE TABLE document_store (id varchar(36) PRIMARY KEY, name varchar(255), loaders text);
CREATE TABLE tool (id varchar(36) PRIMARY KEY, name varchar(255), func text);
CREATE TABLE login_sessions (sid varchar(36) PRIMARY KEY, sess text);
INSERT INTO organization VALUES ('o', 'one');
INSERT INTO `user` VALUES ('u', 'admin@example.com');
INSERT INTO workspace VALUES ('w', 'o', 'Default');
INSERT INTO chat_flow
    SELECT concat('f', seq), concat(%(unicode)s, seq), repeat('{"nodes":[]}', 500), 'w' FROM seq_1_to_20;
INSERT INTO chat_message (id, chatflowid, content)
    SELECT concat('m', seq), 'f1', concat(%(unicode)s, md5(seq), '\n(x),\n;') FROM seq_1_to_%(messages)s;
INSERT INTO credential VALUES ('c', 'openAIApi', x'00ff0a0d1a5c27');
INSERT INTO login_sessions VALUES ('a', '{}'), ('b', '{}');
INSERT INTO migrations (`timestamp`, name) SELECT seq, concat('M', seq) FROM seq_1_to_59;
"""


def postgres(messages: int, *, repeat: int = 2) -> str:
    """SQL that fills an empty PostgreSQL database."""
    return POSTGRES % {"unicode": UNICODE, "messages": messages, "repeat": repeat}


def mariadb(messages: int) -> str:
    """SQL that fills an empty MariaDB database."""
    escaped = UNICODE.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return MARIADB % {"unicode": f"'{escaped}'", "messages": messages}


def sqlite(file: Path, messages: int) -> None:
    """Makes a SQLite database."""
    with closing(sqlite3.connect(file)) as database:
        for table in TABLES:
            database.execute(f'CREATE TABLE "{table}" (id integer PRIMARY KEY, content text)')
        rows = ((f"{UNICODE}{number}",) for number in range(messages))
        database.executemany("INSERT INTO chat_message (content) VALUES (?)", rows)
        database.execute("CREATE TABLE login_sessions (sid text, bytes blob)")
        database.execute("INSERT INTO login_sessions VALUES ('a', x'00ff')")
        database.commit()


def sqlite_contents(file: Path) -> str:
    """A hash of all that is in the file."""
    with closing(sqlite3.connect(file)) as database:
        return hashlib.sha256("\n".join(database.iterdump()).encode()).hexdigest()
