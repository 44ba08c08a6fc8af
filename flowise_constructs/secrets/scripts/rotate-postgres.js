'use strict'

const { target } = require('./gate-postgres')
const { tlsFromEnv } = require('./gate-tls')
const { COLUMNS } = require('./rotate-values')

const LOCK_MS = 30000
const OTHERS = `SELECT client_addr AS address FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`

function quote(name) {
    return `"${name}"`
}

function numbered(sql) {
    let number = 0
    return sql.replace(/\?/g, () => `$${++number}`)
}

async function columns(query) {
    const found = await query(
        `SELECT table_name AS name, column_name AS part FROM information_schema.columns WHERE table_schema = current_schema()`
    )
    return COLUMNS.filter(({ table, column }) => found.some(({ name, part }) => name === table && part === column))
}

async function open(flowise, env, ms) {
    const { Client } = flowise.require('pg')
    const { DATABASE_HOST: host, DATABASE_PORT: port, DATABASE_USER: user, DATABASE_PASSWORD: password, DATABASE_NAME: database } = env
    const client = new Client({ host, port: Number(port), user, password, database, ssl: tlsFromEnv(env), connectionTimeoutMillis: ms, application_name: 'flowise-key-rotation' })
    // A lost connection fails the statement that waits for it.
    client.on('error', () => {})
    await client.connect()
    return client
}

async function connect(flowise, env, ms) {
    const client = await open(flowise, env, ms)
    const query = async (sql, values) => (await client.query(numbered(sql), values)).rows
    return {
        quote,
        query,
        suffix: '',
        kept: () => [],
        change: async (sql, values) => (await client.query(numbered(sql), values)).rowCount,
        others: () => query(OTHERS),
        begin: async () => {
            await query('BEGIN')
            await query('SET LOCAL statement_timeout = 0')
            await query('SET LOCAL idle_in_transaction_session_timeout = 0')
            await query(`SET LOCAL lock_timeout = ${LOCK_MS}`)
        },
        columns: () => columns(query),
        lock: (tables) => query(`LOCK TABLE ${tables.map(quote).join(', ')} IN EXCLUSIVE MODE`),
        commit: () => query('COMMIT'),
        close: () => client.end()
    }
}

module.exports = { connect, target }
