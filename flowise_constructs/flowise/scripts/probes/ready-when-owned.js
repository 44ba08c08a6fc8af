'use strict'

// Loaded in front of main (NODE_OPTIONS) that awaits its owner. The readiness probe asks for PATH on Flowise's own port:
// it is answered with 503 until somebody has registered, and then as Flowise answers its ping. Where this file isn't
// loaded, Flowise itself answers PATH with 401, so such a pod is never Ready.

const http = require('http')

const PATH = '/api/v1/owned'
const PING = '/api/v1/ping'
const RESOLVE = '/api/v1/auth/resolve'
// Of /organization-setup, /signin and, in the enterprise edition, /license-expired.
const OWNED = '/signin'
const ANSWER_MS = 4000

let owned = false
let asking
let told

function say(text) {
    if (text !== told) process.stderr.write(`ready-when-owned: ${text}\n`)
    told = text
}

function hostOf({ address }) {
    return ['0.0.0.0', '::'].includes(address) ? '127.0.0.1' : address
}

// Flowise says where its sign-in page leads; undefined where it doesn't answer in time.
function whereSignInLeads(address) {
    return new Promise((resolve) => {
        const headers = { 'content-type': 'application/json', 'content-length': 2 }
        const options = { host: hostOf(address), port: address.port, path: RESOLVE, method: 'POST', headers, agent: false }
        const request = http.request(options, (response) => {
            let body = ''
            response.setEncoding('utf8')
            response.on('data', (chunk) => (body += chunk))
            response.on('end', () => resolve(response.statusCode === 200 ? redirectOf(body) : undefined))
            response.on('error', () => resolve(undefined))
        })
        request.setTimeout(ANSWER_MS, () => request.destroy())
        request.on('error', () => resolve(undefined))
        request.end('{}')
    })
}

function redirectOf(body) {
    try {
        return JSON.parse(body).redirectUrl
    } catch {
        return undefined
    }
}

// One question at a time: Flowise doesn't give back the database connection of one that fails.
async function findOwner(address) {
    asking = asking || whereSignInLeads(address).finally(() => (asking = undefined))
    const page = await asking
    owned = owned || page === OWNED
    say(owned ? 'an owner exists: this main may become Ready' : `not Ready: ${page === undefined ? 'Flowise does not say whether an owner exists' : 'nobody has registered yet'}`)
}

const emit = http.Server.prototype.emit

function answer(server, request, response) {
    if (owned) {
        request.url = PING
        return emit.call(server, 'request', request, response)
    }
    response.writeHead(503, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
    response.end('no owner yet\n')
    return true
}

http.Server.prototype.emit = function (event, request, response) {
    if (event !== 'request' || request.url !== PATH) return emit.apply(this, arguments)
    if (owned) return answer(this, request, response)
    findOwner(this.address()).then(() => answer(this, request, response))
    return true
}
