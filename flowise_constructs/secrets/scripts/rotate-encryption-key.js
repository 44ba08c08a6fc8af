'use strict'

// Encrypts with a new key what Flowise keeps encrypted in its database: everything in one transaction, or nothing.
// Exit codes: 0 all of it has the new key; 1 failed, nothing was changed; 2 refused, nothing was changed; 3 the
// connection was lost while committing, so that either all or nothing was changed.

const fs = require('fs')
require('./certificate-variables')
const { findFlowise } = require('./flowise-package')
const { describe } = require('./gate-failures')
const { Deadline, waitFor } = require('./gate-waiting')
const { ciphersOf, readKeys } = require('./rotate-ciphers')
const { classify, reencrypt, verify } = require('./rotate-values')
const { Failure, Refusal, Unknown } = require('./rotate-failures')
const { awaitQuiet, refuseOthers } = require('./rotate-others')

const DATABASES = { postgres: './rotate-postgres', mysql: './rotate-mysql', mariadb: './rotate-mysql', sqlite: './rotate-sqlite' }
const step = { now: 'starting', committing: false }

function say(text) {
    process.stderr.write(`rotate: ${text}\n`)
}

function stop(code, text) {
    process[code === 0 ? 'stdout' : 'stderr'].write(`rotate: ${text.replace(/\s+/g, ' ')}\n`, () => process.exit(code))
}

function databaseOf(env) {
    if (env.DATABASE_TYPE in DATABASES) return require(DATABASES[env.DATABASE_TYPE])
    throw new Refusal(`DATABASE_TYPE=${env.DATABASE_TYPE} is none of ${Object.keys(DATABASES).join(', ')}`)
}

async function connect(flowise, env, deadline) {
    const database = databaseOf(env)
    const target = database.target(env)
    step.now = `connecting to ${target}`
    try {
        return await waitFor(target, (ms) => database.connect(flowise, env, ms), deadline, say)
    } catch (error) {
        throw error instanceof Failure ? error : new Refusal(error.message)
    }
}

function present(columns) {
    if (columns.some(({ table }) => table === 'credential')) return columns
    throw new Refusal('the database holds no table credential with a column encryptedData: it is no database of Flowise')
}

async function change(session, ciphers, env) {
    step.now = 'reading the encrypted values'
    const columns = present(await session.columns())
    await session.lock(columns.map(({ table }) => table))
    const values = await classify(session, ciphers, columns, env.ROTATION_LEAVE_UNREADABLE === 'true')
    for (const value of values.old) {
        step.now = `encrypting ${value.name}`
        await reencrypt(session, ciphers, value)
    }
    step.now = 'reading back what was written'
    await verify(session, ciphers, columns, values)
    await refuseOthers(session, env)
    return values
}

async function commit(session) {
    step.now = 'committing'
    step.committing = true
    await session.commit()
    step.committing = false
}

async function rotate(env) {
    const keys = readKeys(env, fs)
    const flowise = findFlowise()
    const deadline = new Deadline(Number(env.ROTATION_WAIT_SECONDS))
    const session = await connect(flowise, env, deadline)
    step.now = 'waiting for Flowise to stop'
    await awaitQuiet(session, env, deadline, say)
    await session.begin()
    const values = await change(session, ciphersOf(flowise, keys), env)
    await commit(session)
    await session.close().catch(() => {})
    return values.summary()
}

// A process that ends before COMMIT leaves everything as it was: the server, or the next reader of SQLite's file,
// rolls back.
function failure(error) {
    if (step.committing) return new Unknown(describe(error).text)
    if (error instanceof Failure) return error
    return new Failure(`while ${step.now}: ${describe(error).text}`)
}

function fail(error) {
    const { code, message } = failure(error)
    stop(code, message)
}

process.on('SIGTERM', () => fail(new Failure(`while ${step.now}: asked to stop (SIGTERM): deadline_seconds is over, or the pod is evicted`)))
process.on('uncaughtException', (error) => fail(error))

rotate(process.env).then((text) => stop(0, `done: ${text}`), fail)
