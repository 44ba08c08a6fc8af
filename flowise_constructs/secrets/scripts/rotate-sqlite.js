'use strict'

const fs = require('fs')
const path = require('path')
const { target } = require('./gate-sqlite')
const { Refusal } = require('./rotate-failures')
const { COLUMNS } = require('./rotate-values')

const BUSY_MS = 30000

function open(sqlite3, file) {
    return new Promise((resolve, reject) => {
        const database = new sqlite3.Database(file, sqlite3.OPEN_READWRITE, (error) => (error ? reject(error) : resolve(database)))
    })
}

function all(database, sql) {
    return new Promise((resolve, reject) => database.all(sql, (error, rows) => (error ? reject(error) : resolve(rows))))
}

function change(database, sql, values) {
    return new Promise((resolve, reject) => {
        database.run(sql, values, function changed(error) {
            return error ? reject(error) : resolve(this.changes)
        })
    })
}

async function columns(database) {
    const present = []
    for (const entry of COLUMNS) {
        const parts = await all(database, `PRAGMA table_info("${entry.table}")`)
        if (parts.some(({ name }) => name === entry.column)) present.push(entry)
    }
    return present
}

async function begin(database) {
    database.configure('busyTimeout', BUSY_MS)
    await all(database, 'BEGIN EXCLUSIVE').catch((error) => {
        if (error.code !== 'SQLITE_BUSY') throw error
        throw new Refusal('somebody uses the file: stop Flowise first, Main(replicas=0)')
    })
}

async function connect(flowise, env) {
    const file = path.join(env.DATABASE_PATH, 'database.sqlite')
    if (!fs.existsSync(file)) throw new Refusal(`there is no file ${file}: mount the claim that main has its database on`)
    const sqlite3 = flowise.require('sqlite3')
    const database = await open(sqlite3, file)
    return {
        quote: (name) => `"${name}"`,
        query: (sql) => all(database, sql),
        suffix: '',
        kept: () => [],
        change: (sql, values) => change(database, sql, values),
        others: async () => [],
        begin: () => begin(database),
        columns: () => columns(database),
        lock: async () => {},
        commit: () => all(database, 'COMMIT'),
        close: async () => database.close()
    }
}

module.exports = { connect, target }
