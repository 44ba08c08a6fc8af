'use strict'

const { GateError, oneLine } = require('./gate-failures')

// As a browser behind a proxy that ends TLS: with secure cookies Flowise opens a session for no other.
const HEADERS = { 'content-type': 'application/json', 'x-request-from': 'internal', 'x-forwarded-proto': 'https' }
// By what Flowise's validation says (validation.util).
const REFUSALS = {
    'Invalid Password': (owner) => `the password in ${owner.passwordFrom} breaks Flowise's rules: 8 to 128 characters, among them a lower-case letter, an upper-case letter, a digit and another character`,
    'Invalid User Email': (owner) => `Flowise doesn't take the e-mail address ${owner.email}`,
    'Invalid User Name': (owner) => `Flowise doesn't take the name ${owner.name}: at most 100 characters`
}

// Undici hides the cause of a failed connection.
async function send(url, options) {
    try {
        return await fetch(url, options)
    } catch (error) {
        throw error.cause || error
    }
}

class FlowiseApi {
    constructor(url) {
        this.url = url
        this.cookies = {}
    }

    async ask(method, path, { body, headers = {}, ms }) {
        const cookie = Object.entries(this.cookies).map((pair) => pair.join('=')).join('; ')
        const response = await send(`${this.url}/api/v1/${path}`, {
            method,
            headers: { ...HEADERS, ...(cookie ? { cookie } : {}), ...headers },
            body: body === undefined ? undefined : JSON.stringify(body),
            redirect: 'manual',
            signal: AbortSignal.timeout(ms)
        })
        for (const set of response.headers.getSetCookie()) {
            const [name, ...value] = set.split(';')[0].split('=')
            this.cookies[name] = value.join('=')
        }
        const text = await response.text()
        if (response.status >= 500) throw new Error(`${method} ${path}: status ${response.status}`)
        return { status: response.status, body: parsed(text) }
    }

    async isOwned(ms) {
        const { status, body } = await this.ask('POST', 'auth/resolve', { body: {}, ms })
        if (status !== 200 || typeof body.redirectUrl !== 'string') throw new Error(`auth/resolve: unexpected answer, status ${status}`)
        return body.redirectUrl !== '/organization-setup'
    }

    // Whether this made the owner. Flowise makes one alone: who comes second is told so.
    async register(owner, ms) {
        const user = { email: owner.email, credential: owner.password, ...(owner.name ? { name: owner.name } : {}) }
        const { status, body } = await this.ask('POST', 'account/register', { body: { user }, ms })
        if (status === 201) return true
        const message = messageOf(body)
        if (/only have one organization/i.test(message)) return false
        const known = REFUSALS[message]
        throw new GateError(known ? known(owner) : `Flowise refuses to register ${owner.email}: ${message || `status ${status}`}`)
    }

    // The user that these log in as; undefined where they don't.
    async logIn(owner, ms) {
        const { status, body } = await this.ask('POST', 'auth/login', { body: { email: owner.email, password: owner.password }, ms })
        return status === 200 ? body : undefined
    }

    async logOut(ms) {
        await this.ask('POST', 'account/logout', { ms }).catch(() => undefined)
    }
}

function parsed(text) {
    try {
        return JSON.parse(text) || {}
    } catch {
        return { message: oneLine(text) }
    }
}

function messageOf(body) {
    return oneLine(body.message || body.error || '')
}

module.exports = { FlowiseApi, messageOf, send }
