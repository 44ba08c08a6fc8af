'use strict'

// Restores the SQLite file: SQLite writes all pages in one transaction. With DRILL set: into a file of the trial's own.

const fs = require('fs')
const path = require('path')
const { Failure, all, checkIntegrity, close, copy, counts, databaseFile, main, openToRead, openToWrite, say, step, tables } = require('./backup-sqlite-file')

async function compare(database, rows) {
    const counted = await counts(database, await tables(database))
    for (const [name, number] of Object.entries(rows)) {
        if (counted[name] !== number) throw new Failure(`table ${name} has ${counted[name]} rows, the manifest says ${number}`)
    }
}

async function check(file, rows) {
    const database = await openToRead(file)
    await checkIntegrity(database)
    await compare(database, rows)
    return database
}

// A Flowise that runs would go on with what it has in memory.
async function refuseData(file, overwrite) {
    if (!fs.existsSync(file)) return
    const present = await openToWrite(file)
    const names = await tables(present)
    if (names.length > 0 && !overwrite) {
        throw new Failure(`it holds ${names.length} tables; nothing was changed; Restore(overwrite=True) replaces them`)
    }
    await all(present, 'BEGIN EXCLUSIVE').catch(() => {
        throw new Failure('somebody uses it: stop Flowise first, Main(replicas=0)')
    })
    await all(present, 'ROLLBACK')
    await close(present)
}

async function restore(env) {
    const manifest = JSON.parse(fs.readFileSync(path.join(env.SCRATCH, 'manifest.json'), 'utf8'))
    const target = env.DRILL ? path.join(env.DRILL, 'database.sqlite') : databaseFile(env)
    step.now = 'checking the backup'
    const source = await check(path.join(env.SCRATCH, manifest.database_file), manifest.rows)
    step.now = `looking at ${target}`
    fs.mkdirSync(path.dirname(target), { recursive: true })
    await refuseData(target, Boolean(env.OVERWRITE))
    step.now = `restoring into ${target}`
    await copy(source, target)
    await close(source)
    step.now = 'looking at the restored database'
    await close(await check(target, manifest.rows))
    say(`done: ${manifest.id}, ${Object.keys(manifest.rows).length} tables counted`)
}

main(process.env.DRILL ? 'drill' : 'restore', () => restore(process.env))
