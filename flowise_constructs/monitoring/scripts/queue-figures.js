'use strict'

// BullMQ's own numbers of each queue, and what it doesn't tell: how long the oldest job waits, and who works.

// A job that waits is due since it was added, or since its delay was over. The list is filled at its head.
async function oldestAge(client, queue, now) {
    const heads = ['wait', 'paused'].map((list) => client.lindex(queue.toKey(list), -1))
    const [[first], ...last] = await Promise.all([client.zrange(queue.toKey('prioritized'), 0, 0), ...heads])
    const jobs = [first, ...last].filter(Boolean)
    const ages = await Promise.all(jobs.map((id) => age(client, queue.toKey(id), now)))
    return Math.max(0, ...ages)
}

async function age(client, key, now) {
    const [added, options] = await client.hmget(key, 'timestamp', 'opts')
    // It was taken in the meantime.
    if (!added) return 0
    const { delay } = JSON.parse(options || '{}')
    return (now - Number(added) - (Number(delay) || 0)) / 1000
}

// Each worker process has one connection of that name for each queue. An ACL, or a proxy, may forbid to ask.
async function workerNames(client) {
    try {
        const clients = (await client.client('LIST')).split('\n')
        return clients.map((line) => (/(?:^| )name=(\S*)/.exec(line) || [])[1]).filter(Boolean)
    } catch (error) {
        return error.name === 'ReplyError' ? undefined : Promise.reject(error)
    }
}

function isWorkerOf(queue, name) {
    const own = queue.clientName()
    return name === own || name.startsWith(`${own}:w:`)
}

async function figuresOf(client, queue) {
    const [counts, paused, oldest] = await Promise.all([queue.getJobCounts(), queue.isPaused(), oldestAge(client, queue, Date.now())])
    return { name: queue.name, counts, paused, oldest }
}

// One connection a question: nothing is kept between two of them, so nothing is stale when Redis was away.
async function readQueues(Queue, client, names) {
    const queues = names.map((name) => {
        // Main's limit of the event stream stays: it is written by whoever opens the queue, unless told not to.
        const queue = new Queue(name, { connection: client, skipMetasUpdate: true, skipVersionCheck: true })
        // What it says by an event, the question says too.
        queue.on('error', () => undefined)
        return queue
    })
    const [clients, ...figures] = await Promise.all([workerNames(client), ...queues.map((queue) => figuresOf(client, queue))])
    return figures.map((figure, index) => ({ ...figure, workers: clients && clients.filter((name) => isWorkerOf(queues[index], name)).length }))
}

module.exports = { readQueues }
