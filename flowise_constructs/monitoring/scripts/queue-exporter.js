'use strict'

// The queues as Prometheus reads them: /metrics. Redis is asked at each scrape, and never otherwise. Where it doesn't
// answer, one figure says so, and those of the queues are missing: a figure that is there is of now.

const http = require('http')
const { TYPE, render } = require('./exposition')
const { findFlowise } = require('./flowise-package')
const { describe } = require('./gate-failures')
const { withTimeout } = require('./gate-waiting')
const { readQueues } = require('./queue-figures')
const { withRedis } = require('./redis-options')
const { queueNames } = require('./worker-registration')

// Prometheus gives up after 10 s, unless told otherwise.
const REDIS_MS = 5000
const FAMILIES = {
    // BullMQ calls it a gauge, and of a gauge promtool refuses a name that ends so.
    count: ['bullmq_job_count', 'untyped', 'Number of jobs in the queue by state'],
    oldest: ['flowise_queue_oldest_job_age_seconds', 'gauge', 'How long the oldest job that waits has been waiting; 0 if none does'],
    workers: ['flowise_queue_workers', 'gauge', 'Number of worker processes that are registered with the queue'],
    paused: ['flowise_queue_paused', 'gauge', 'Whether the queue is paused'],
    up: ['flowise_queue_redis_up', 'gauge', 'Whether Redis has answered'],
    info: ['flowise_release_info', 'gauge', 'The Flowise release in the image, and the one that the manifest is made for'],
    matches: ['flowise_release_matches', 'gauge', 'Whether both are the same']
}

const flowise = findFlowise()
const { Queue } = flowise.require('bullmq')
const Redis = flowise.require('ioredis')
const names = queueNames(flowise, process.env)
const expected = process.env.EXPORTER_FLOWISE_RELEASE
let told

function say(text) {
    if (text !== told) process.stdout.write(`queue-exporter: ${text}\n`)
    told = text
}

function family(kind, samples) {
    const [name, type, help] = FAMILIES[kind]
    return { name, type, help, samples }
}

function ofRelease() {
    const labels = { image: flowise.version, manifest: expected }
    return [family('info', [[labels, 1]]), family('matches', [[{}, Number(flowise.version === expected)]])]
}

function ofQueues(figures) {
    const each = (value) => figures.filter((figure) => value(figure) !== undefined).map((figure) => [{ queue: figure.name }, value(figure)])
    return [
        family('count', figures.flatMap(({ name, counts }) => Object.entries(counts).map(([state, count]) => [{ queue: name, state }, count]))),
        family('oldest', each(({ oldest }) => oldest)),
        family('workers', each(({ workers }) => workers)),
        family('paused', each(({ paused }) => Number(paused)))
    ]
}

async function families() {
    try {
        // Each command may take that long, and all of them together.
        const asked = withRedis(Redis, process.env, REDIS_MS, (client) => readQueues(Queue, client, names))
        const figures = await withTimeout(asked, REDIS_MS)
        say(figures.some(({ workers }) => workers === undefined) ? 'Redis forbids CLIENT LIST, so workers are not counted' : 'Redis answers')
        return [...ofQueues(figures), family('up', [[{}, 1]]), ...ofRelease()]
    } catch (error) {
        say(`Redis doesn't answer: ${describe(error).text}`)
        return [family('up', [[{}, 0]]), ...ofRelease()]
    }
}

let asking

// Whoever asks meanwhile gets the same answer.
function scrape() {
    asking = asking || families().then(render).finally(() => (asking = undefined))
    return asking
}

const PAGES = { '/metrics': scrape, '/healthz': async () => 'alive\n' }

async function answer(request, response) {
    const page = PAGES[request.url.split('?')[0]]
    const body = page && ['GET', 'HEAD'].includes(request.method) ? await page() : undefined
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': TYPE, 'cache-control': 'no-store' })
    response.end(body)
}

const server = http.createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
})
server.listen(Number(process.env.EXPORTER_PORT), () => process.stdout.write(`queue-exporter: ${names.join(', ')}, at port ${process.env.EXPORTER_PORT}\n`))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
