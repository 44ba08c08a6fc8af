'use strict'

// tests/test_scripts.py runs it, with SCRIPTS naming a directory of all scripts, as a pod has them.

const assert = require('node:assert')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')

const scripts = process.env.SCRIPTS
const { judge } = require(path.join(scripts, 'main-connections.js'))
const { knownMigrations, newerThan, pendingOf } = require(path.join(scripts, 'gate-migrations.js'))
const { addressFault, tokenFault } = require(path.join(scripts, 'gate-values.js'))
const { describe: explain } = require(path.join(scripts, 'gate-failures.js'))
const { remarksOf: remarksOfPostgres } = require(path.join(scripts, 'gate-postgres.js'))
const { parseInfo, refusalOf, remarksOf: remarksOfRedis } = require(path.join(scripts, 'gate-redis-server.js'))
const { Deadline, waitFor } = require(path.join(scripts, 'gate-waiting.js'))
const { observeUnread } = require(path.join(scripts, 'unread-sockets.js'))

const ports = (count, first = 1) => Array.from({ length: count }, (_, index) => first + index)

// Each step: [seconds, ports, does Redis answer]; gives whether each was healthy.
async function probes(steps) {
    let state
    const healthy = []
    for (const [now, open, redis = true] of steps) {
        const result = await judge(state, open, now, async () => redis)
        state = JSON.parse(JSON.stringify(result.state))
        healthy.push(result.healthy)
    }
    return healthy
}

test('what a Secret gave for an address is looked at', () => {
    for (const value of ['db', 'db.svc.', '10.0.0.1', '2001:db8::1', 'localhost']) assert.strictEqual(addressFault('DATABASE_HOST', value), undefined)
    for (const value of ['1', '5432', '65535']) assert.strictEqual(addressFault('REDIS_PORT', value), undefined)
    assert.strictEqual(addressFault('DATABASE_USER', "it's: a user"), undefined)
    for (const value of [undefined, '']) assert.match(addressFault('DATABASE_NAME', value), /^is empty$/)
    for (const value of ['db\n', ' db', 'a\nb']) assert.match(addressFault('REDIS_USERNAME', value), /begins or ends with a space or a line end/)
    assert.match(addressFault('DATABASE_HOST', 'postgresql://app:secret@db:5432/app'), /^holds a URL, and needs the host alone$/)
    assert.match(addressFault('DATABASE_HOST', '/cloudsql/a:b:c'), /path of a socket/)
    assert.match(addressFault('REDIS_HOST', 'db:6379'), /^holds more than a host$/)
    for (const value of ['tcp://10.0.0.1:6379', '0', '65536', '5e3', '-1']) assert.match(addressFault('REDIS_PORT', value), /^holds no port$/)
})

test('a password that ends after minutes is known by its form', () => {
    const rds = 'db.eu.rds.amazonaws.com:5432/?Action=connect&DBUser=a&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=abc'
    assert.match(tokenFault(rds), /AWS IAM, which ends after 15 minutes/)
    assert.match(tokenFault('ya29.a0AfH6SMC'), /Google/)
    assert.match(tokenFault('eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl-_'), /JWT/)
    for (const value of ['', 'hunter2', 'eyJhbGciOi', 'a.b.c', 'ya29']) assert.strictEqual(tokenFault(value), undefined)
})

test('one connection that stays lost fails at the second probe', async () => {
    assert.deepStrictEqual(await probes([[0, ports(18)], [10, ports(17)], [20, ports(17)], [30, ports(17)]]), [true, true, false, false])
})

test('a reconnected one, with another port, is none lost', async () => {
    assert.deepStrictEqual(await probes([[0, ports(18)], [10, ports(17)], [20, ports(18, 2)], [90, ports(18, 2)]]), [true, true, true, true])
})

test('redis away for minutes is no fault; what is missing after its return is', async () => {
    const away = [10, 60, 120, 300].map((now) => [now, [], false])
    const result = await probes([[0, ports(18)], ...away, [310, ports(15, 50)], [320, ports(15, 50)], [330, ports(15, 50)]])
    assert.deepStrictEqual(result, [true, true, true, true, true, true, true, false])
})

test('an outage between two probes gets the longer grace', async () => {
    assert.deepStrictEqual(await probes([[0, ports(18)], [10, ports(4, 50)], [20, ports(9, 50)], [30, ports(18, 50)]]), [true, true, true, true])
})

test('a connection made late counts once it has lasted', async () => {
    const lost = [[0, ports(17)], [10, ports(18)], [20, ports(18)], [30, ports(18)], [40, ports(17)], [50, ports(17)]]
    assert.deepStrictEqual((await probes(lost)).slice(-2), [true, false])
})

test('short connections of normal use do not', async () => {
    assert.deepStrictEqual(await probes([[0, ports(17)], [10, ports(20)], [20, ports(17)], [30, ports(17)]]), [true, true, true, true])
})

test('applied migrations: pending, newer, dropped and double ones', () => {
    const known = new Set(['A1000000000001', 'B1000000000002'])
    const rows = (...names) => names.map((name, index) => ({ id: index + 1, name }))
    assert.deepStrictEqual(pendingOf(known, rows('A1000000000001', 'A1000000000001')), ['B1000000000002'])
    assert.deepStrictEqual(newerThan(known, rows('A1000000000001', 'B1000000000002', 'C1000000000003')), ['C1000000000003'])
    assert.deepStrictEqual(newerThan(known, rows('A1000000000001', 'X1000000000000')), [], 'dropped by a later release')
    assert.deepStrictEqual(newerThan(known, rows('X1000000000000', 'A1000000000001', 'B1000000000002')), [], 'dropped, then upgraded')
    assert.deepStrictEqual(newerThan(known, rows('A1000000000001', 'B1000000000002', 'X1000000000000')), ['X1000000000000'], 'backdated')
    assert.deepStrictEqual(newerThan(known, []), [])
})

test('names come from the list, a class or its name property, not from file names', () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'flowise-'))
    const folder = path.join(root, 'dist', 'database', 'migrations', 'postgres')
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, '1-One.js'), 'exports.One1000000000001 = class {}')
    fs.writeFileSync(path.join(folder, '2-Two.js'), "class Two { constructor() { this.name = 'Other1000000000002' } }")
    fs.writeFileSync(
        path.join(folder, 'index.js'),
        'const _1 = require("./1-One");\nconst _2 = require("./2-Two");\nexports.postgresMigrations = [\n    _1.One1000000000001,\n    _2.Two\n];'
    )
    assert.deepStrictEqual([...knownMigrations({ root }, 'postgres')], ['One1000000000001', 'Other1000000000002'])
    fs.rmSync(root, { recursive: true })
})

test('failures have an operator\'s name', () => {
    const kind = (code, message = '') => explain(Object.assign(new Error(message), { code })).kind
    assert.strictEqual(kind('ECONNREFUSED'), 'refused')
    assert.strictEqual(kind('28P01'), 'authentication failed')
    assert.strictEqual(kind('28000', 'no pg_hba.conf entry for host "x", user "y", no encryption'), 'TLS')
    assert.strictEqual(kind('DEPTH_ZERO_SELF_SIGNED_CERT'), 'TLS')
    assert.strictEqual(kind('ERR_TLS_CERT_ALTNAME_INVALID'), 'TLS')
    assert.strictEqual(kind(undefined, 'LOADING Redis is loading the dataset in memory'), 'not ready yet')
    assert.strictEqual(kind(undefined, 'NOAUTH Authentication required.'), 'authentication failed')
    const both = new AggregateError([new Error('v6'), Object.assign(new Error('v4'), { code: 'ECONNREFUSED' })])
    assert.strictEqual(explain(both).kind, 'refused')
})

test('waiting ends with the deadline and one clear message', async () => {
    const said = []
    const attempt = async () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))
    const waiting = waitFor('redis at h:1', attempt, new Deadline(1), (text) => said.push(text))
    await assert.rejects(waiting, /gave up on redis at h:1 after 1 s: refused \(no\)/)
    assert.deepStrictEqual(said, ['waiting for redis at h:1: refused (no)'])
})

test('a PostgreSQL below 13 is told in one line, others are no word', () => {
    const env = { DATABASE_HOST: 'db', DATABASE_NAME: 'flowise', DATABASE_USER: 'me', DATABASE_PASSWORD: 'secret-word' }
    const [remark, ...others] = remarksOfPostgres({ number: 120022, version: '12.22 (Debian 12.22-1)' }, env)
    assert.match(remark, /^database flowise \(postgres\) at db:5432 as me is PostgreSQL 12\.22 .*: below 13 only a superuser can/)
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual(remarksOfPostgres({ number: 130000, version: '13.0' }, env), [])
})

test('INFO of a Redis that has several faults: what refuses, and each of what is told', () => {
    const info = parseInfo('# Server\r\nredis_version:6.0.16\r\n\r\n# Memory\r\nmaxmemory:1\r\nmaxmemory_policy:allkeys-lfu\r\n')
    assert.strictEqual(refusalOf(info), undefined)
    assert.strictEqual(remarksOfRedis(info).length, 2)
    assert.match(refusalOf({ ...info, role: 'slave', master_host: 'h', master_port: '1' }), /^is a read-only replica of h:1\./)
    assert.match(refusalOf({}, new Error('CROSSSLOT Keys in request')), /^is a Redis Cluster \(CROSSSLOT /)
    assert.strictEqual(refusalOf({}, new Error('NOPERM this user')), undefined)
})

test('unread bytes count only while they stay', async () => {
    const blocked = () => [{ localPort: 1, unread: 5 }]
    const first = await observeUnread({}, blocked, 0)
    const second = await observeUnread(first.seen, blocked, 20)
    assert.strictEqual(first.seconds, 0)
    assert.strictEqual(second.seconds, 20)
    let looks = 0
    const busy = () => [{ localPort: 1, unread: looks++ === 0 ? 5 : 0 }]
    assert.strictEqual((await observeUnread(first.seen, busy, 20)).seconds, 0)
})

// What stands for Flowise: `page` is where its sign-in page leads.
async function listening(handle) {
    const server = http.createServer(handle)
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { server, url: `http://127.0.0.1:${server.address().port}` }
}

test('main is ready once an owner exists, and asks no more', async () => {
    require(path.join(scripts, 'ready-when-owned.js'))
    let page = '/organization-setup'
    let asked = 0
    const { server, url } = await listening((request, response) => {
        if (request.url === '/api/v1/ping') return response.end('pong')
        asked += 1
        assert.strictEqual(`${request.method} ${request.url}`, 'POST /api/v1/auth/resolve')
        if (page === undefined) return request.socket.destroy()
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ redirectUrl: page }))
    })
    const status = async () => (await fetch(`${url}/api/v1/owned`)).status
    assert.strictEqual(await status(), 503)
    page = undefined
    assert.strictEqual(await status(), 503)
    page = '/license-expired'
    assert.strictEqual(await status(), 503)
    page = '/signin'
    assert.deepStrictEqual(await Promise.all([status(), status()]), [200, 200])
    const before = asked
    page = '/organization-setup'
    assert.strictEqual(await (await fetch(`${url}/api/v1/owned`)).text(), 'pong')
    assert.strictEqual(asked, before)
    server.closeAllConnections()
    server.close()
})

test('a main with two doors takes paths, and no whole URLs', async () => {
    require(path.join(scripts, 'origin-form.js'))
    const { server, url } = await listening((request, response) => response.end(request.url))
    const { hostname, port } = new URL(url)
    const ask = (target) =>
        new Promise((resolve, reject) => {
            const request = http.request({ hostname, port, path: target, agent: false }, (response) => {
                response.resume().on('end', () => resolve(response.statusCode))
            })
            request.on('error', reject).end()
        })
    for (const target of ['/', '//a/b', '/api/v1/ping?a=http://b']) assert.strictEqual(await ask(target), 200)
    for (const target of ['http://a%3Cx@b/api/v1/prediction/%3E/x', 'https://b/', 'HTTP://b/x', '*']) assert.strictEqual(await ask(target), 400)
    server.closeAllConnections()
    server.close()
})

test('who comes second is told that there is an owner, and a fault of Flowise is tried again', async () => {
    const answers = [[201, {}], [400, { message: 'You can only have one organization' }], [500, { message: 'down' }], [400, { message: 'Invalid Password' }], [400, { message: 'new words' }]]
    const { server, url } = await listening((request, response) => {
        const [status, body] = answers.shift()
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    const { FlowiseApi } = require(path.join(scripts, 'owner-flowise.js'))
    const owner = { email: 'a@example.com', password: 'secret', passwordFrom: 'key password of Secret o' }
    const register = () => new FlowiseApi(url).register(owner, 5000)
    assert.strictEqual(await register(), true)
    assert.strictEqual(await register(), false)
    await assert.rejects(register(), { constructor: Error, message: 'POST account/register: status 500' })
    await assert.rejects(register(), /the password in key password of Secret o breaks Flowise's rules: 8 to 128/)
    await assert.rejects(register(), /Flowise refuses to register a@example.com: new words/)
    server.closeAllConnections()
    server.close()
})
