'use strict'

// Copies the SQLite file into the scratch volume by SQLite's online backup and checks the copy.

const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const { Failure, all, checkIntegrity, close, copy, counts, databaseFile, main, openToRead, openToWrite, say, sha256, step, tables } = require('./backup-sqlite-file')

function words(text) {
    return (text || '').split(' ').filter(Boolean)
}

// As backup-lib.sh has it.
function fingerprint(file) {
    return crypto.createHash('sha256').update('flowise-constructs: encryption key\n').update(fs.readFileSync(file)).digest('hex').slice(0, 16)
}

function beginning() {
    return new Date().toISOString().replace(/[-:]|\.\d+/g, '')
}

async function copySource(env, file) {
    const source = await openToRead(databaseFile(env))
    const [{ bytes }] = await all(source, 'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size')
    if (bytes > Number(env.SCRATCH_BYTES)) throw new Failure(`the database has ${bytes} bytes, too many for the scratch volume: raise Backup.scratch_size`)
    await copy(source, file)
    await close(source)
}

async function leaveRowsOut(database, names, present) {
    for (const name of names.filter((name) => present.includes(name))) await all(database, `DELETE FROM "${name}"`)
    if (names.length > 0) await all(database, 'VACUUM')
}

async function checkCopy(env, file) {
    const database = await openToWrite(file)
    // The copy of a file in WAL mode would want its companions.
    await all(database, 'PRAGMA journal_mode = DELETE')
    const present = await tables(database)
    const lacking = words(env.EXPECTED_TABLES).find((name) => !present.includes(name))
    if (lacking) throw new Failure(`table '${lacking}' is not in ${databaseFile(env)}: is it Flowise's?`)
    await leaveRowsOut(database, words(env.WITHOUT_ROWS_OF), present)
    await checkIntegrity(database)
    const counted = await counts(database, present.filter((name) => !words(env.WITHOUT_ROWS_OF).includes(name)))
    const [{ version }] = await all(database, 'SELECT sqlite_version() AS version')
    await close(database)
    return { counted, version }
}

async function describe(env, began, file, { counted, version }) {
    const part = {
        database: 'sqlite',
        server_version: version,
        client_version: version,
        encryption_key: fingerprint(env.ENCRYPTION_KEY_FILE),
        database_file: path.basename(file),
        database_bytes: fs.statSync(file).size,
        database_sha256: await sha256(file),
        without_rows_of: env.WITHOUT_ROWS_OF || ''
    }
    const inScratch = (name) => path.join(env.SCRATCH, name)
    fs.writeFileSync(inScratch('id'), `${began}-${env.POD_NAME.replace(/.*-/, '')}\n`)
    fs.appendFileSync(inScratch('files'), `${path.basename(file)}\n`)
    fs.writeFileSync(inScratch('database.part'), Object.entries(part).map(([key, value]) => `  "${key}": ${JSON.stringify(value)},\n`).join(''))
    fs.writeFileSync(inScratch('rows.part'), Object.entries(counted).map(([name, number]) => `    "${name}": ${number}`).join(',\n') + '\n')
}

async function backUp(env) {
    const file = path.join(env.SCRATCH, 'database.sqlite')
    for (const name of fs.readdirSync(env.SCRATCH)) fs.rmSync(path.join(env.SCRATCH, name), { recursive: true })
    step.now = `copying ${databaseFile(env)}`
    const began = beginning()
    await copySource(env, file)
    step.now = 'checking the copy'
    const checked = await checkCopy(env, file)
    await describe(env, began, file, checked)
    say(`copied ${fs.statSync(file).size} bytes, ${Object.keys(checked.counted).length} tables`)
}

main('backup', () => backUp(process.env))
