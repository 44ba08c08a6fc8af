'use strict'

const { createHash } = require('crypto')
const { GateError, describe } = require('./gate-failures')
const { tlsFromEnv } = require('./gate-tls')
const { withTimeout } = require('./gate-waiting')

const STATEMENT_MS = 15000

function address(env) {
    return { host: env.DATABASE_HOST || 'localhost', port: parseInt(env.DATABASE_PORT || '3306', 10) }
}

function target(env) {
    const { host, port } = address(env)
    return `database ${env.DATABASE_NAME} (${env.DATABASE_TYPE}${tlsFromEnv(env) ? ', TLS' : ''}) at ${host}:${port} as ${env.DATABASE_USER}`
}

function tlsOptions(env) {
    const tls = tlsFromEnv(env)
    if (tls !== true) return tls
    throw new GateError(`DATABASE_SSL=true alone does not work with ${env.DATABASE_TYPE} (mysql2 wants the CA): set DATABASE_SSL_KEY_BASE64 and DATABASE_REJECT_UNAUTHORIZED=true`)
}

async function open(flowise, env, ms) {
    const { createConnection } = flowise.require('mysql2/promise')
    const connection = await createConnection({
        ...address(env),
        user: env.DATABASE_USER,
        password: env.DATABASE_PASSWORD,
        database: env.DATABASE_NAME,
        charset: 'utf8mb4',
        ssl: tlsOptions(env),
        connectTimeout: ms
    })
    connection.on('error', () => {})
    return connection
}

async function openInTime(flowise, env, ms) {
    const opening = open(flowise, env, ms)
    try {
        return await withTimeout(opening, ms)
    } catch (error) {
        opening.then((connection) => connection.destroy()).catch(() => {})
        throw error
    }
}

async function query(connection, sql, values, ms = STATEMENT_MS) {
    const [rows] = await withTimeout(connection.query(sql, values), ms)
    return rows
}

// Flowise's migrations for DATABASE_TYPE=mysql name it in every table; they can't be rolled back half-way.
async function ensureCollation(connection, env) {
    if (env.DATABASE_TYPE !== 'mysql') return
    const [found] = await query(connection, "SHOW COLLATION LIKE 'utf8mb4_0900_ai_ci'")
    if (found) return
    const [{ version }] = await query(connection, 'SELECT VERSION() AS version')
    throw new GateError(
        `${target(env)} is ${version}, which doesn't know the collation utf8mb4_0900_ai_ci of Flowise's migrations ` +
            'for MySQL: use MySQL 8 or newer; a MariaDB is a MariadbDatabase'
    )
}

async function appliedMigrations(connection) {
    try {
        return await query(connection, 'SELECT id, name FROM migrations ORDER BY id')
    } catch (error) {
        if (error.code === 'ER_NO_SUCH_TABLE') return []
        throw error
    }
}

// GET_LOCK names are the server's, not the database's, and at most 64 characters long.
function lockName(env) {
    return 'flowise-migrations-' + createHash('sha256').update(String(env.DATABASE_NAME)).digest('hex').slice(0, 32)
}

// GET_LOCK belongs to its connection and ends with it.
async function takeLock(flowise, env, deadline, say) {
    const holder = await openInTime(flowise, env, Math.max(1, Math.min(5000, deadline.remaining())))
    const name = lockName(env)
    const tryFor = async (seconds) => (await query(holder, 'SELECT GET_LOCK(?, ?) AS taken', [name, seconds], seconds * 1000 + 5000))[0].taken
    try {
        let taken = await tryFor(0)
        if (!taken) {
            const [{ id }] = await query(holder, 'SELECT IS_USED_LOCK(?) AS id', [name])
            say(`waiting for the migration lock, held by connection ${id}`)
            taken = await tryFor(Math.ceil(deadline.remaining() / 1000))
        }
        if (!taken) throw new GateError(`gave up on the migration lock of ${target(env)} after ${deadline.seconds} s: another gate holds it`)
    } catch (error) {
        holder.destroy()
        throw error instanceof GateError ? error : new GateError(`no migration lock on ${target(env)}: ${describe(error).text}`)
    }
    return {
        alive: () => query(holder, 'SELECT 1', [], 10000),
        lost: new Promise((resolve) => holder.once('error', resolve)),
        release: async () => {
            await query(holder, 'SELECT RELEASE_LOCK(?)', [name])
            await holder.end()
        }
    }
}

// Some users may write all the same, and what only resembles MySQL may not know the question.
async function remarksOf(connection, env) {
    const [server] = await query(connection, 'SELECT @@global.read_only AS read_only').catch(() => [{ read_only: 0 }])
    if (Number(server.read_only) === 0) return []
    return [`${target(env)} is read-only, as replicas are, and Flowise writes: give the host of the primary`]
}

async function connect(flowise, env, ms) {
    const connection = await openInTime(flowise, env, ms)
    return {
        remarks: await remarksOf(connection, env),
        prepare: async () => {},
        beforeMigrating: () => ensureCollation(connection, env),
        applied: () => appliedMigrations(connection),
        lock: (deadline, say) => takeLock(flowise, env, deadline, say),
        close: () => connection.end()
    }
}

module.exports = { connect, target }
