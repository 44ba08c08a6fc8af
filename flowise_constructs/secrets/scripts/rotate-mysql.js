'use strict'

const { target } = require('./gate-mysql')
const { tlsFromEnv } = require('./gate-tls')
const { Refusal } = require('./rotate-failures')
const { COLUMNS } = require('./rotate-values')

const OTHERS = `SELECT host AS address FROM information_schema.processlist
    WHERE db = DATABASE() AND user = substring_index(CURRENT_USER(), '@', 1) AND id <> CONNECTION_ID()`
const PARTS = `SELECT c.table_name AS name, c.column_name AS part, t.engine AS engine FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = DATABASE()`
// The server sets it to now with every change of a row.
const STAMP = 'updatedDate'

async function columns(query, stamped) {
    const found = await query(PARTS)
    const present = COLUMNS.filter(({ table, column }) => found.some(({ name, part }) => name === table && part === column))
    for (const { table } of present) {
        const { engine } = found.find(({ name }) => name === table)
        if (engine !== 'InnoDB') throw new Refusal(`table ${table} is kept by ${engine}, which knows no transactions: ALTER TABLE ${table} ENGINE=InnoDB`)
        if (found.some(({ name, part }) => name === table && part === STAMP)) stamped.add(table)
    }
    return present
}

async function open(flowise, env, ms) {
    const { createConnection } = flowise.require('mysql2/promise')
    const { DATABASE_HOST: host, DATABASE_PORT: port, DATABASE_USER: user, DATABASE_PASSWORD: password, DATABASE_NAME: database } = env
    const connection = await createConnection({ host, port: Number(port), user, password, database, charset: 'utf8mb4', ssl: tlsFromEnv(env), connectTimeout: ms })
    connection.on('error', () => {})
    return connection
}

async function connect(flowise, env, ms) {
    const connection = await open(flowise, env, ms)
    const stamped = new Set()
    const query = async (sql, values) => (await connection.query(sql, values))[0]
    return {
        quote: (name) => `\`${name}\``,
        query,
        // Each read locks its rows, and the gaps between them, in the place of a lock on the table.
        suffix: ' FOR UPDATE',
        kept: (table) => (stamped.has(table) ? [STAMP] : []),
        change: async (sql, values) => (await query(sql, values)).affectedRows,
        others: () => query(OTHERS),
        begin: async () => {
            await query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
            await query('START TRANSACTION')
        },
        columns: () => columns(query, stamped),
        lock: async () => {},
        commit: () => query('COMMIT'),
        close: () => connection.end()
    }
}

module.exports = { connect, target }
