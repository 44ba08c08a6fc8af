'use strict'

const fs = require('fs')
const path = require('path')
const { GateError, oneLine } = require('./gate-failures')
const { send } = require('./owner-flowise')

const MANAGER = 'flowise-constructs-owner'

// One Secret of the pod's own namespace. It is made and changed by server-side apply alone, whose request names it in
// the path, so that a Role can be held to this name for `create` too. The token is read anew each time: it is rotated.
class OneSecret {
    constructor(name, env) {
        this.name = name
        this.directory = env.OWNER_ACCESS_DIRECTORY
        const host = env.KUBERNETES_SERVICE_HOST || ''
        const server = `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT}`
        this.url = `${server}/api/v1/namespaces/${this.file('namespace')}/secrets/${name}`
    }

    file(name) {
        return fs.readFileSync(path.join(this.directory, name), 'utf8').trim()
    }

    async ask(method, query, ms, type, body) {
        const headers = { authorization: `Bearer ${this.file('token')}`, accept: 'application/json', ...(type ? { 'content-type': type } : {}) }
        const response = await send(`${this.url}${query}`, { method, headers, body, signal: AbortSignal.timeout(ms) })
        const answer = await response.json().catch(() => ({}))
        if (response.status >= 500 || response.status === 429) throw new Error(`API server: status ${response.status}`)
        return { status: response.status, answer }
    }

    refuse(verb, { status, answer }) {
        throw new GateError(`the API server doesn't let the Job ${verb} the Secret ${this.name}: ${oneLine(answer.message || `status ${status}`)}`)
    }

    // Its values by key; nothing where there is no such Secret.
    async read(ms) {
        const told = await this.ask('GET', '', ms)
        if (told.status === 404) return {}
        if (told.status !== 200) this.refuse('read', told)
        return Object.fromEntries(Object.entries(told.answer.data || {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))
    }

    // Leaves the keys of others alone.
    async write(values, ms) {
        const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
        const body = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: this.name }, data })
        const told = await this.ask('PATCH', `?fieldManager=${MANAGER}&force=true`, ms, 'application/apply-patch+yaml', body)
        if (told.status !== 200 && told.status !== 201) this.refuse('write', told)
    }
}

module.exports = { OneSecret }
