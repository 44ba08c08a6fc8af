'use strict'

// SQLite files: copied while they are used, checked, counted. Errors end the process with one last line.

const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const { findFlowise } = require('./flowise-package')

const BUSY_SECONDS = 300
const PLAIN_NAME = /^[A-Za-z0-9_$-]+$/

class Failure extends Error {}

const step = { name: 'backup', now: 'starting' }

function say(text) {
    process.stderr.write(`${step.name}: ${text}\n`)
}

function main(name, run) {
    step.name = name
    const failed = (error) => {
        process.stderr.write(`${name}: FAILED while ${step.now}: ${error.message.replace(/\s+/g, ' ')}\n`, () => process.exit(1))
    }
    process.on('SIGTERM', () => failed(new Failure('asked to stop (SIGTERM): deadline_seconds is over, or the pod is evicted')))
    run().catch(failed)
}

function sqlite3() {
    return findFlowise().require('sqlite3')
}

function open(file, mode) {
    return new Promise((resolve, reject) => {
        const database = new (sqlite3().Database)(file, mode, (error) => (error ? reject(new Failure(`${file}: ${error.message}`)) : resolve(database)))
    })
}

function openToRead(file) {
    if (!fs.existsSync(file)) throw new Failure(`there is no file ${file}`)
    return open(file, sqlite3().OPEN_READONLY)
}

function openToWrite(file) {
    return open(file, sqlite3().OPEN_READWRITE | sqlite3().OPEN_CREATE)
}

function all(database, sql) {
    return new Promise((resolve, reject) => database.all(sql, (error, rows) => (error ? reject(error) : resolve(rows))))
}

function close(database) {
    return new Promise((resolve, reject) => database.close((error) => (error ? reject(error) : resolve())))
}

// All pages in one step: a reader's lock on the source and a transaction in the copy, which is whole or not there.
function stepAll(backup) {
    return new Promise((resolve, reject) => backup.step(-1, (error) => (error ? reject(error) : resolve(backup.completed))))
}

async function copy(database, file) {
    const backup = await new Promise((resolve, reject) => {
        const begun = database.backup(file, (error) => (error ? reject(error) : resolve(begun)))
    })
    const deadline = Date.now() + BUSY_SECONDS * 1000
    while (!(await stepAll(backup))) {
        if (backup.failed) throw new Failure('the copy failed')
        if (Date.now() > deadline) throw new Failure(`the database was locked for ${BUSY_SECONDS} s`)
        await new Promise((resolve) => setTimeout(resolve, 250))
    }
    await new Promise((resolve) => backup.finish(resolve))
}

async function checkIntegrity(database) {
    const [{ integrity_check: verdict }] = await all(database, 'PRAGMA integrity_check(1)')
    if (verdict !== 'ok') throw new Failure(`the file is damaged: ${verdict}`)
}

async function tables(database) {
    const rows = await all(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
    return rows.map((row) => row.name)
}

async function counts(database, names) {
    const counted = {}
    for (const name of names.filter((name) => PLAIN_NAME.test(name))) {
        counted[name] = (await all(database, `SELECT count(*) AS number FROM "${name}"`))[0].number
    }
    return counted
}

function sha256(file) {
    return new Promise((resolve, reject) => {
        const hash = crypto.createHash('sha256')
        fs.createReadStream(file).on('error', reject).on('end', () => resolve(hash.digest('hex'))).on('data', (data) => hash.update(data))
    })
}

function databaseFile(env) {
    return path.join(env.DATABASE_PATH, 'database.sqlite')
}

module.exports = { Failure, all, checkIntegrity, close, copy, counts, databaseFile, main, openToRead, openToWrite, say, sha256, step, tables }
