'use strict'

// The encrypted values: which there are, which key each has, and how it gets the new one.

const { Failure, Refusal } = require('./rotate-failures')

// Before 3.1.3 Flowise has the first and the last alone.
const COLUMNS = [
    { table: 'credential', column: 'encryptedData' },
    { table: 'custom_mcp_server', column: 'authConfig' },
    { table: 'chat_flow', column: 'webhookSecret' },
    { table: 'login_method', column: 'config' }
]
// Flowise keeps such a credential in AWS Secrets Manager, and here its name alone.
const KEPT_ELSEWHERE = 'FlowiseCredential_'
const NAMED = 5

function readAll(session, { table, column }) {
    const [from, value] = [session.quote(table), session.quote(column)]
    return session.query(`SELECT id, ${value} AS value FROM ${from} WHERE ${value} IS NOT NULL AND ${value} <> '' ORDER BY id${session.suffix}`)
}

function counted(number) {
    return number === 1 ? '1 value' : `${number} values`
}

class Values {
    constructor() {
        Object.assign(this, { old: [], new: [], unreadable: [], elsewhere: [] })
    }

    refuseUnreadable() {
        if (this.unreadable.length === 0) return
        const names = this.unreadable.slice(0, NAMED).map(({ name }) => name)
        const more = this.unreadable.length > NAMED ? ` and ${this.unreadable.length - NAMED} more` : ''
        const known = this.old.length + this.new.length
        const why = known === 0 ? 'the old key decrypts none: it is not the key that Flowise has used' : 'neither key decrypts them'
        throw new Refusal(
            `${counted(this.unreadable.length)} of ${this.unreadable.length + known} can't be read (${names.join(', ')}${more}): ${why}` +
                (known === 0 ? '' : '; delete them in Flowise, or leave them as they are: KeyRotation(leave_unreadable=True)')
        )
    }

    summary() {
        const tables = COLUMNS.map(({ table, column }) => [`${table}.${column}`, this.old.filter((value) => value.table === table).length])
        const parts = tables.filter(([, number]) => number > 0).map(([name, number]) => `${name} ${number}`)
        return [
            `${counted(this.old.length)} got the new key${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`,
            `${this.new.length} had it already`,
            ...(this.unreadable.length > 0 ? [`${this.unreadable.length} that neither key decrypts were left as they are`] : []),
            ...(this.elsewhere.length > 0 ? [`${this.elsewhere.length} are kept in AWS Secrets Manager, without this key`] : [])
        ].join(', ')
    }
}

function kindOf(text, ciphers) {
    if (text.startsWith(KEPT_ELSEWHERE)) return 'elsewhere'
    if (ciphers.withOld(text) !== undefined) return 'old'
    return ciphers.withNew(text) === undefined ? 'unreadable' : 'new'
}

async function classify(session, ciphers, columns, leavesUnreadable) {
    const values = new Values()
    for (const column of columns) {
        for (const { id, value } of await readAll(session, column)) {
            values[kindOf(value, ciphers)].push({ ...column, id, name: `${column.table}.${column.column} of ${id}`, text: value })
        }
    }
    if (!leavesUnreadable) values.refuseUnreadable()
    return values
}

async function reencrypt(session, ciphers, value) {
    const plain = ciphers.withOld(value.text)
    const text = ciphers.encrypt(plain)
    if (ciphers.withNew(text) !== plain) throw new Failure(`while encrypting ${value.name}: it could not be decrypted again`)
    const sets = [`${session.quote(value.column)} = ?`, ...session.kept(value.table).map((column) => `${session.quote(column)} = ${session.quote(column)}`)]
    const number = await session.change(`UPDATE ${session.quote(value.table)} SET ${sets.join(', ')} WHERE id = ?`, [text, value.id])
    if (number !== 1) throw new Failure(`while encrypting ${value.name}: ${number} rows were changed instead of one`)
}

// What the database gives back, not what was sent.
async function verify(session, ciphers, columns, values) {
    const before = new Map(values.old.map(({ name, text }) => [name, ciphers.withOld(text)]))
    for (const column of columns) {
        for (const { id, value } of await readAll(session, column)) {
            const name = `${column.table}.${column.column} of ${id}`
            if (before.has(name) && ciphers.withNew(value) !== before.get(name)) throw new Failure(`while reading ${name} back: it is not what was written`)
            before.delete(name)
        }
    }
    if (before.size > 0) throw new Failure(`while reading back: ${counted(before.size)} are gone, such as ${before.keys().next().value}`)
}

module.exports = { COLUMNS, classify, reencrypt, verify }
