'use strict'

const path = require('path')
const { findFlowise } = require('./flowise-package')
const { GateError, describe, oneLine } = require('./gate-failures')
const { knownMigrations, newerThan, pendingOf } = require('./gate-migrations')
const { releaseFault } = require('./gate-release')
const { Deadline, waitFor } = require('./gate-waiting')

const DATABASES = { postgres: './gate-postgres', mysql: './gate-mysql', mariadb: './gate-mysql', sqlite: './gate-sqlite' }
const REDIS = './gate-redis'
const DEFAULT_DEADLINE_SECONDS = 300
const LOCK_CHECK_MS = 10000

let migrating = false

function say(text) {
    process.stderr.write(`gate: ${text}\n`)
}

function stop(code, text) {
    process[code === 0 ? 'stdout' : 'stderr'].write(`gate: ${text}\n`, () => process.exit(code))
}

function readSettings(argv, env) {
    const role = argv[2]
    if (role !== 'main' && role !== 'worker') throw new GateError('usage: gate.js main|worker')
    const databaseType = env.DATABASE_TYPE || 'sqlite'
    if (!(databaseType in DATABASES)) {
        throw new GateError(`DATABASE_TYPE=${databaseType} is none of ${Object.keys(DATABASES).join(', ')}; Flowise would silently use SQLite`)
    }
    if (role === 'worker' && databaseType === 'sqlite') throw new GateError('a worker cannot share a SQLite database: set DATABASE_TYPE')
    const seconds = Number(env.GATE_DEADLINE_SECONDS || DEFAULT_DEADLINE_SECONDS)
    if (!(seconds > 0)) throw new GateError('GATE_DEADLINE_SECONDS must be a positive number')
    return { databaseType, queue: env.MODE === 'queue', deadline: new Deadline(seconds) }
}

function flowiseInImage() {
    try {
        return findFlowise()
    } catch (error) {
        throw new GateError(`the image holds no Flowise: ${error.message}`)
    }
}

function compareRelease(flowise, env) {
    const fault = releaseFault(flowise, env)
    if (fault && env.GATE_VERIFY === 'true') throw new GateError(`${fault} (refused, since Image.verify is set)`)
    if (fault) say(fault)
}

function refuseNewerSchema(known, applied, flowise) {
    const newer = newerThan(known, applied)
    if (newer.length === 0) return
    throw new GateError(
        `the database's schema is of a newer release than Flowise ${flowise.version}, which doesn't know ${newer.length} of its migrations ` +
            `(${newer.slice(-3).join(', ')}): deploy that newer release, or restore a backup from before the upgrade`
    )
}

async function readPending(session, known, flowise) {
    const applied = await session.applied()
    refuseNewerSchema(known, applied, flowise)
    return pendingOf(known, applied)
}

// A lock whose connection is gone protects nothing: another gate may have begun.
function watchLock(lock) {
    const lost = () => stop(1, 'the connection that holds the migration lock was lost while migrating; the next start goes on from there')
    lock.lost.then(() => migrating && lost())
    return setInterval(() => lock.alive().catch(() => migrating && lost()), LOCK_CHECK_MS)
}

async function runMigrations(flowise) {
    const { getDataSource } = require(path.join(flowise.root, 'dist', 'DataSource'))
    const dataSource = getDataSource()
    await dataSource.initialize()
    await dataSource.runMigrations({ transaction: 'each' })
    await dataSource.destroy()
}

async function migrateUnderLock(flowise, session, known, lock) {
    const pending = await readPending(session, known, flowise)
    if (pending.length === 0) return 0
    await session.beforeMigrating()
    say(`applying ${pending.length} migrations of Flowise ${flowise.version}`)
    migrating = true
    const watch = watchLock(lock)
    try {
        await runMigrations(flowise)
    } catch (error) {
        throw new GateError(`a migration of Flowise ${flowise.version} failed: ${oneLine(error.message)}`)
    }
    clearInterval(watch)
    const left = await readPending(session, known, flowise)
    if (left.length > 0) throw new GateError(`${left.length} migrations are still missing after the run: ${left.slice(0, 3).join(', ')}`)
    migrating = false
    return pending.length
}

async function migrate(flowise, session, known, deadline) {
    if ((await readPending(session, known, flowise)).length === 0) return 0
    const lock = await session.lock(deadline, say)
    const count = await migrateUnderLock(flowise, session, known, lock)
    await lock.release()
    return count
}

// Bounds all waiting. A migration that has begun is not cut off: MySQL cannot roll DDL back, and a cut one would
// only be begun again. It ends with the connection of its lock instead.
function watchDeadline(deadline, step) {
    setTimeout(() => migrating || stop(1, `gave up after ${deadline.seconds} s while ${step.now}`), deadline.remaining() + 1000).unref()
}

// As PID 1 a process without a handler ignores SIGTERM.
function stopOnTerminate() {
    process.on('SIGTERM', () => (migrating ? say('asked to stop: finishing the migrations first') : process.exit(143)))
}

async function gate() {
    const started = Date.now()
    const { databaseType, queue, deadline } = readSettings(process.argv, process.env)
    const step = { now: 'starting' }
    stopOnTerminate()
    watchDeadline(deadline, step)

    const flowise = flowiseInImage()
    compareRelease(flowise, process.env)
    const database = require(DATABASES[databaseType])
    const target = database.target(process.env)
    const known = knownMigrations(flowise, databaseType)

    step.now = `waiting for ${target}`
    const session = await waitFor(target, (ms) => database.connect(flowise, process.env, ms), deadline, say)
    session.remarks.forEach(say)
    if (queue) {
        step.now = 'waiting for redis'
        await require(REDIS).waitForRedis(flowise, process.env, deadline, say)
    }
    step.now = `reading the migrations of ${target}`
    await session.prepare()
    const count = await migrate(flowise, session, known, deadline)
    await session.close()

    const seconds = Math.round((Date.now() - started) / 1000)
    const reachable = queue ? 'database and redis reachable' : 'database reachable'
    return count > 0 ? `applied ${count} migrations in ${seconds} s` : `${reachable}, schema up to date (${known.size} migrations)`
}

// Node would print a stack as the last lines, of which the last says nothing.
process.on('uncaughtException', (error) => {
    say(`unexpected: ${error && error.stack}`)
    stop(1, describe(error).text)
})

gate().then(
    (text) => stop(0, text),
    (error) => stop(1, error instanceof GateError ? error.message : describe(error).text)
)
