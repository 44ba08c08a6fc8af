'use strict'

const fs = require('fs')
const path = require('path')

function queueNames(flowise, env) {
    const base = env.QUEUE_NAME || 'flowise-queue'
    // Since 3.1.3.
    const schedules = fs.existsSync(path.join(flowise.root, 'dist', 'queue', 'ScheduleQueue.js'))
    return ['prediction', 'upsertion', ...(schedules ? ['schedule'] : [])].map((kind) => `${base}-${kind}`)
}

// BullMQ's name of a worker's blocking connection; others of the same queue have none or end with :qe.
function connectionName(queue) {
    return `bull:${Buffer.from(queue).toString('base64')}`
}

function parseClient(line) {
    const fields = Object.fromEntries(line.split(' ').map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]))
    const colon = fields.addr.lastIndexOf(':')
    return {
        id: Number(fields.id),
        host: fields.addr.slice(0, colon),
        port: Number(fields.addr.slice(colon + 1)),
        name: fields.name,
        idle: Number(fields.idle)
    }
}

function plainHost(host) {
    return host.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '')
}

// Through address translation or a proxy Redis sees another address than ours; then only the host tells.
async function registration(client, ownPorts, queues) {
    const id = await client.client('ID')
    const clients = (await client.client('LIST')).split('\n').filter(Boolean).map(parseClient)
    const self = clients.find((entry) => entry.id === id)
    const direct = self.port === client.stream.localPort && plainHost(self.host) === plainHost(client.stream.localAddress)
    const ours = clients.filter((entry) => entry.id !== id && entry.host === self.host && (!direct || ownPorts.has(entry.port)))
    const names = new Set(ours.map((entry) => entry.name))
    return {
        missing: queues.filter((queue) => !names.has(connectionName(queue))),
        idle: direct ? Math.min(...ours.map((entry) => entry.idle)) : undefined
    }
}

module.exports = { queueNames, registration }
