'use strict'

const { GateError } = require('./gate-failures')
const { messageOf } = require('./owner-flowise')
const { OneSecret } = require('./owner-secret')

function settings(env) {
    return { wanted: JSON.parse(env.OWNER_API_KEYS), secret: new OneSecret(env.OWNER_API_KEYS_KEPT_IN, env) }
}

// In Flowise's list a key is called by where it is kept, so that a person sees it, and a later run finds it.
function titleOf(secret, name) {
    return `${secret.name}/${name}`
}

async function change(flowise, method, path, body, ms) {
    const answer = await flowise.ask(method, path, { body, ms })
    if (answer.status === 200) return answer.body
    throw new GateError(`Flowise refuses the API key ${body.keyName}: ${messageOf(answer.body) || `status ${answer.status}`}`)
}

function sameSet(one, other) {
    return one.length === other.length && one.every((item) => other.includes(item))
}

// The key's value. Flowise's list has it, so a lost Secret is filled again with the same key.
async function ensureKey(flowise, keyName, permissions, known, ms, say) {
    const found = known.find((key) => key.keyName === keyName)
    if (found === undefined) {
        const made = await change(flowise, 'POST', 'apikey', { keyName, permissions }, ms)
        say(`made the API key ${keyName}`)
        return made.find((key) => key.keyName === keyName).apiKey
    }
    if (!sameSet(found.permissions, permissions)) {
        await change(flowise, 'PUT', `apikey/${found.id}`, { keyName, permissions }, ms)
        say(`changed the permissions of the API key ${keyName}`)
    }
    return found.apiKey
}

async function listKeys(flowise, ms) {
    const { status, body } = await flowise.ask('GET', 'apikey', { ms })
    if (status === 200 && Array.isArray(body)) return body
    const session = 'connect.sid' in flowise.cookies
    const cause = session ? messageOf(body) || `status ${status}` : 'it opened no session, as with secure cookies and Settings.trusted_proxies=0'
    throw new GateError(`Flowise doesn't show its API keys: ${cause}`)
}

async function provideAsOwner(flowise, { wanted, secret }, ms, say) {
    const known = await listKeys(flowise, ms)
    const values = {}
    for (const [name, permissions] of Object.entries(wanted)) {
        values[name] = await ensureKey(flowise, titleOf(secret, name), permissions, known, ms, say)
    }
    const kept = await secret.read(ms)
    if (Object.entries(values).every(([name, value]) => kept[name] === value)) return `the API keys in the Secret ${secret.name} work`
    await secret.write(values, ms)
    return `wrote the API keys to the Secret ${secret.name}`
}

// 401 where Flowise doesn't know the key; whatever else it says, it does.
async function works(flowise, key, ms) {
    const { status } = await flowise.ask('GET', 'apikey', { headers: { authorization: `Bearer ${key}`, 'x-request-from': 'owner' }, ms })
    return status !== 401
}

async function lacking(flowise, { wanted, secret }, ms) {
    const kept = await secret.read(ms)
    const names = []
    for (const name of Object.keys(wanted)) {
        if (!kept[name] || !(await works(flowise, kept[name], ms))) names.push(name)
    }
    return names
}

async function lookOnly(flowise, keys, owner, ms) {
    const names = await lacking(flowise, keys, ms)
    if (names.length === 0) return `the API keys in the Secret ${keys.secret.name} work`
    throw new GateError(
        `the Secret ${keys.secret.name} lacks working API keys (${names.join(', ')}), which only the owner can make: ` +
            `give the owner's e-mail address, and its password in ${owner.passwordFrom}`
    )
}

// Only the owner's session can make keys; without it, those that are kept are tried.
async function provide(flowise, user, { owner, keys }, ms, say) {
    return user && user.isOrganizationAdmin ? provideAsOwner(flowise, keys, ms, say) : lookOnly(flowise, keys, owner, ms)
}

module.exports = { provide, settings }
