// Jobs in BullMQ's queues, as Flowise has them: no prefix of its own, one worker a queue.
//   queue_jobs.js PORT add NUMBER QUEUE...               adds jobs to each
//   queue_jobs.js PORT work CONCURRENCY MILLIS QUEUE...  works until it is told to end, and then says how many it did
const { Queue, Worker } = require(`${process.env.MODULES}/bullmq`)

const [port, command, ...rest] = process.argv.slice(2)
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null }

async function add(number, ...names) {
    for (const name of names) {
        const queue = new Queue(name, { connection })
        await queue.addBulk(Array.from({ length: Number(number) }, (_, index) => ({ name: 'job', data: { index } })))
        await queue.close()
    }
}

function work(concurrency, millis, ...names) {
    let done = 0
    const run = () => new Promise((resolve) => setTimeout(resolve, Number(millis)))
    const workers = names.map((name) => new Worker(name, run, { connection, concurrency: Number(concurrency) }))
    workers.forEach((worker) => worker.on('completed', () => (done += 1)))
    process.on('SIGTERM', async () => {
        await Promise.all(workers.map((worker) => worker.close()))
        console.log(done)
        process.exit(0)
    })
}

if (command === 'add') add(...rest)
else work(...rest)
