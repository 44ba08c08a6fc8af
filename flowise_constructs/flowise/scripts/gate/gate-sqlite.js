'use strict'

const fs = require('fs')
const path = require('path')
const { GateError } = require('./gate-failures')

function home(env) {
    return env.HOME || process.cwd()
}

function databaseDirectory(env) {
    if (env.DATABASE_PATH === '') throw new GateError('DATABASE_PATH is empty, which Flowise takes for its working directory: unset it or name a directory')
    return path.resolve(env.DATABASE_PATH === undefined ? path.join(home(env), '.flowise') : env.DATABASE_PATH)
}

function target(env) {
    return `database (sqlite) in ${env.DATABASE_PATH || path.join(home(env), '.flowise')}`
}

function ownership(file) {
    const { uid, gid, mode } = fs.statSync(file)
    return `owner ${uid}:${gid}, mode ${(mode & 0o777).toString(8)}; this process is ${process.getuid()}:${process.getgid()}`
}

function notWritable(file) {
    return new GateError(
        `${file} is not writable (${ownership(file)}). A volume that root wrote: set fsGroup ${process.getgid()} in the pod's ` +
            `securityContext, or once: chown -R ${process.getuid()}:${process.getgid()} on the volume`
    )
}

function ensureWritable(file) {
    try {
        fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK)
    } catch {
        throw notWritable(file)
    }
}

function nearestExisting(file) {
    while (!fs.existsSync(file)) file = path.dirname(file)
    return file
}

function ensureDirectory(directory) {
    try {
        fs.mkdirSync(directory, { recursive: true })
    } catch (error) {
        const existing = nearestExisting(directory)
        if (!fs.statSync(existing).isDirectory()) {
            throw new GateError(
                `DATABASE_PATH must be a directory, in which Flowise keeps database.sqlite, but ${existing} is a file: ` +
                    `set DATABASE_PATH=${path.dirname(existing)}`
            )
        }
        if (error.code === 'EROFS') throw new GateError(`${directory} cannot be made: ${existing} is on a read-only file system; mount a volume there`)
        throw notWritable(existing)
    }
    ensureWritable(directory)
}

function open(sqlite3, file) {
    return new Promise((resolve, reject) => {
        const database = new sqlite3.Database(file, sqlite3.OPEN_READONLY, (error) => (error ? reject(error) : resolve(database)))
    })
}

function all(database, sql) {
    return new Promise((resolve, reject) => database.all(sql, (error, rows) => (error ? reject(error) : resolve(rows))))
}

async function appliedMigrations(flowise, file) {
    if (!fs.existsSync(file)) return []
    const database = await open(flowise.require('sqlite3'), file)
    try {
        const tables = await all(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'migrations'")
        return tables.length === 0 ? [] : await all(database, 'SELECT id, name FROM migrations ORDER BY id')
    } finally {
        database.close()
    }
}

// One process at a time uses the file: no lock.
const NO_LOCK = { alive: async () => {}, lost: new Promise(() => {}), release: async () => {} }

async function connect(flowise, env) {
    const directory = databaseDirectory(env)
    const file = path.join(directory, 'database.sqlite')
    ensureDirectory(directory)
    if (fs.existsSync(file)) ensureWritable(file)
    return {
        remarks: [],
        prepare: async () => {},
        beforeMigrating: async () => {},
        applied: () => appliedMigrations(flowise, file),
        lock: async () => NO_LOCK,
        close: async () => {}
    }
}

module.exports = { connect, target }
