'use strict'

// Makes the owner of an empty installation, and changes nothing where there is one.

const fs = require('fs')
const { GateError, describe } = require('./gate-failures')
const { Deadline, waitFor } = require('./gate-waiting')
const { FlowiseApi } = require('./owner-flowise')

// Loaded where API keys are asked for.
const API_KEYS = './owner-api-keys'

let password = ''

// Whatever Flowise or Node says, the password isn't in it.
function hidden(text) {
    return password ? text.split(password).join('***') : text
}

function say(text) {
    process.stderr.write(`owner: ${hidden(text)}\n`)
}

function stop(code, text) {
    process[code === 0 ? 'stdout' : 'stderr'].write(`owner: ${hidden(text)}\n`, () => process.exit(code))
}

// Flowise would make an owner who needs no password out of an empty one.
function readPassword(file, from) {
    const text = fs.readFileSync(file, 'utf8')
    if (text === '') throw new GateError(`${from} is empty`)
    if (/[\r\n]/.test(text)) throw new GateError(`${from} has a line end, which nobody can type: write it again without one (printf %s)`)
    return text
}

function readSettings(env) {
    password = readPassword(env.OWNER_PASSWORD_FILE, env.OWNER_KEPT_IN)
    return {
        owner: { email: env.OWNER_EMAIL, name: env.OWNER_NAME, password, passwordFrom: env.OWNER_KEPT_IN },
        keys: env.OWNER_API_KEYS ? require(API_KEYS).settings(env) : undefined,
        deadline: new Deadline(Number(env.OWNER_DEADLINE_SECONDS))
    }
}

async function ensureOwner(flowise, owner, ms) {
    return !(await flowise.isOwned(ms)) && (await flowise.register(owner, ms))
}

// What there is to say of an owner that was there before.
function remarkOn(owner, user) {
    if (user === undefined) {
        return (
            `an owner exists already, and ${owner.email} doesn't log in with the password in ${owner.passwordFrom}: nothing was changed. ` +
            'The password of an owner is changed in Flowise; if this is a new installation, somebody else has registered'
        )
    }
    if (!user.isOrganizationAdmin) return `an owner exists already, and it isn't ${owner.email}, who is another user: nothing was changed`
    return `${owner.email} is the owner already, with the password in ${owner.passwordFrom}: nothing to do`
}

async function main() {
    const settings = readSettings(process.env)
    const { owner, keys, deadline } = settings
    const flowise = new FlowiseApi(process.env.OWNER_FLOWISE_URL)
    const target = `Flowise at ${flowise.url}`
    const made = await waitFor(target, (ms) => ensureOwner(flowise, owner, ms), deadline, say)
    if (made) say(`made the owner, ${owner.email}`)
    if (made && !keys) return 'done'
    const user = await waitFor(target, (ms) => flowise.logIn(owner, ms), deadline, say)
    if (!made) say(remarkOn(owner, user))
    if (!keys) return flowise.logOut(5000).then(() => 'done')
    const { provide } = require(API_KEYS)
    const told = await waitFor('Flowise and the API server', (ms) => provide(flowise, user, settings, ms, say), deadline, say)
    await flowise.logOut(5000)
    return told
}

process.on('SIGTERM', () => process.exit(143))

main().then(
    (text) => stop(0, text),
    (error) => stop(1, error instanceof GateError ? error.message : describe(error).text)
)
