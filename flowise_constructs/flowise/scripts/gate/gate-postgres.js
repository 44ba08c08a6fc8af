'use strict'

const fs = require('fs')
const path = require('path')
const { GateError, describe, oneLine } = require('./gate-failures')
const { tlsFromEnv } = require('./gate-tls')
const { withTimeout } = require('./gate-waiting')

// pg_advisory_xact_lock(28829673625056101): "flowise" in ASCII, in the database that Flowise uses.
const LOCK_KEY = BigInt('0x' + Buffer.from('flowise').toString('hex')).toString()
const EXTENSION_SQL = fs.readFileSync(path.join(__dirname, 'uuid-ossp.sql'), 'utf8').trim().replace(/;$/, '')
const STATEMENT_MS = 15000
// Since 13 the owner of a database may create uuid-ossp.
const ADVISED_VERSION = 130000
const SERVER_SQL = `SELECT current_setting('server_version_num')::int AS number,
    current_setting('server_version') AS version, pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`

function address(env) {
    return { host: env.DATABASE_HOST || 'localhost', port: parseInt(env.DATABASE_PORT || '5432', 10) }
}

function target(env) {
    const { host, port } = address(env)
    return `database ${env.DATABASE_NAME} (postgres${tlsFromEnv(env) ? ', TLS' : ''}) at ${host}:${port} as ${env.DATABASE_USER}`
}

async function open(flowise, env, ms, applicationName) {
    const { Client } = flowise.require('pg')
    const client = new Client({
        ...address(env),
        user: env.DATABASE_USER,
        password: env.DATABASE_PASSWORD,
        database: env.DATABASE_NAME,
        ssl: tlsFromEnv(env),
        connectionTimeoutMillis: ms,
        application_name: applicationName,
        keepAlive: true
    })
    client.on('error', () => {})
    try {
        await withTimeout(client.connect(), ms)
        await withTimeout(client.query('SELECT 1'), ms)
        return client
    } catch (error) {
        client.end().catch(() => {})
        throw error
    }
}

function extensionMessage(env, reason) {
    return (
        `the database ${env.DATABASE_NAME} has no extension uuid-ossp and ${env.DATABASE_USER} could not create it (${reason}). ` +
        `Run as a superuser or as the owner of the database, connected to ${env.DATABASE_NAME}: ${EXTENSION_SQL};`
    )
}

async function hasExtension(client) {
    const { rowCount } = await client.query("SELECT 1 FROM pg_extension WHERE extname = 'uuid-ossp'")
    return rowCount > 0
}

// Two sessions that create it at once: one gets unique_violation (23505) although it exists then.
async function ensureExtension(client, env) {
    if (await hasExtension(client)) return
    try {
        await client.query(EXTENSION_SQL)
    } catch (error) {
        if (error.code !== '23505' || !(await hasExtension(client))) throw new GateError(extensionMessage(env, oneLine(error.message)))
    }
}

async function ensureCanCreate(client, env) {
    const { rows } = await client.query("SELECT current_schema() AS schema, has_schema_privilege(current_schema(), 'CREATE') AS may")
    if (rows[0].may) return
    const schema = rows[0].schema || 'public'
    throw new GateError(
        `${env.DATABASE_USER} may not create tables in schema ${schema} of database ${env.DATABASE_NAME} (since PostgreSQL 15 only the ` +
            `database owner may). Run as a superuser or as the owner of the schema, connected to ${env.DATABASE_NAME}: ` +
            `GRANT USAGE, CREATE ON SCHEMA ${schema} TO "${env.DATABASE_USER}";`
    )
}

async function appliedMigrations(client) {
    const { rows } = await client.query("SELECT to_regclass('migrations') IS NOT NULL AS present")
    if (!rows[0].present) return []
    const applied = await client.query('SELECT id, name FROM migrations ORDER BY id')
    return applied.rows
}

async function holderOf(client) {
    const { rows } = await client.query(
        `SELECT a.pid, a.client_addr FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND (l.classid::bigint << 32) + l.objid::bigint = $1::bigint
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [LOCK_KEY]
    )
    return rows.length > 0 ? `backend ${rows[0].pid}${rows[0].client_addr ? ` of ${rows[0].client_addr}` : ''}` : 'another gate'
}

// The lock belongs to an open transaction, not to the session: so it also holds through a pooler in transaction
// mode, and ends with its connection. That transaction does nothing else and holds no snapshot.
async function takeLock(flowise, env, deadline, say, client) {
    const holder = await open(flowise, env, Math.max(1, Math.min(5000, deadline.remaining())), 'flowise-gate-lock')
    try {
        await holder.query('BEGIN')
        await holder.query('SET LOCAL statement_timeout = 0')
        await holder.query('SET LOCAL idle_in_transaction_session_timeout = 0')
        const { rows } = await holder.query('SELECT pg_try_advisory_xact_lock($1::bigint) AS taken', [LOCK_KEY])
        if (!rows[0].taken) {
            say(`waiting for the migration lock, held by ${await holderOf(client)}`)
            await holder.query(`SET LOCAL lock_timeout = ${Math.max(1, deadline.remaining())}`)
            await withTimeout(holder.query('SELECT pg_advisory_xact_lock($1::bigint)', [LOCK_KEY]), deadline.remaining() + 2000)
        }
    } catch (error) {
        holder.end().catch(() => {})
        // 55P03 lock_not_available: lock_timeout
        if (error.code === '55P03' || error.code === 'ETIMEDOUT') {
            throw new GateError(`gave up on the migration lock of ${target(env)} after ${deadline.seconds} s: held by ${await holderOf(client)}`)
        }
        if (/statement pooling/i.test(error.message)) {
            throw new GateError(`${target(env)} is a pooler in statement mode; migrations need transactions: point DATABASE_HOST at PostgreSQL itself`)
        }
        throw new GateError(`no migration lock on ${target(env)}: ${describe(error).text}`)
    }
    return {
        alive: () => withTimeout(holder.query('SELECT 1'), 10000),
        lost: new Promise((resolve) => holder.once('end', resolve)),
        release: async () => {
            await holder.query('COMMIT')
            await holder.end()
        }
    }
}

function refuseReadOnly({ standby, read_only: readOnly }, env) {
    if (standby) {
        throw new GateError(`${target(env)} is a read-only standby, and Flowise writes: give the host of the primary`)
    }
    if (readOnly) {
        throw new GateError(
            `${target(env)} takes no writes (default_transaction_read_only is on, for the server, the database or the ` +
                'user; some hosted servers set it when their disk is full): mend the cause, or set it off'
        )
    }
}

function remarksOf({ number, version }, env) {
    if (number >= ADVISED_VERSION) return []
    const loss = 'below 13 only a superuser can create the extension uuid-ossp, and it is no longer maintained'
    return [`${target(env)} is PostgreSQL ${version}: ${loss}; update the server`]
}

// What only resembles PostgreSQL may not know the question; then nothing is said of it.
async function lookAt(client) {
    try {
        const { rows } = await client.query(SERVER_SQL)
        return rows[0]
    } catch {
        return { number: ADVISED_VERSION }
    }
}

async function connect(flowise, env, ms) {
    const client = await open(flowise, env, ms, 'flowise-gate')
    await client.query(`SET statement_timeout = ${STATEMENT_MS}`)
    const server = await lookAt(client)
    refuseReadOnly(server, env)
    return {
        remarks: remarksOf(server, env),
        prepare: () => ensureExtension(client, env),
        beforeMigrating: () => ensureCanCreate(client, env),
        applied: () => appliedMigrations(client),
        lock: (deadline, say) => takeLock(flowise, env, deadline, say, client),
        close: () => client.end()
    }
}

module.exports = { connect, remarksOf, target }
