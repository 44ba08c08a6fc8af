'use strict'

const fs = require('fs')

// States of /proc/net/tcp (include/net/tcp_states.h).
const ESTABLISHED = '01'
const LISTEN = '0A'

function readLines(file) {
    try {
        return fs.readFileSync(file, 'utf8').split('\n').slice(1).filter(Boolean)
    } catch {
        return []
    }
}

function parseSocket(line) {
    const words = line.trim().split(/\s+/)
    const port = (address) => parseInt(address.slice(address.lastIndexOf(':') + 1), 16)
    return {
        localPort: port(words[1]),
        remotePort: port(words[2]),
        state: words[3],
        unread: parseInt(words[4].split(':')[1], 16),
        inode: words[9]
    }
}

function allSockets() {
    return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readLines).map(parseSocket)
}

// undefined: not ours to read.
function socketInodes(pid) {
    try {
        const inodes = new Set()
        for (const descriptor of fs.readdirSync(`/proc/${pid}/fd`)) {
            try {
                const link = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${descriptor}`))
                if (link) inodes.add(link[1])
            } catch {
                continue
            }
        }
        return inodes
    } catch {
        return undefined
    }
}

function processIds() {
    return fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((pid) => pid !== process.pid)
        .sort((a, b) => a - b)
}

function findListener(port) {
    const listening = allSockets().filter((socket) => socket.state === LISTEN && socket.localPort === port).map((socket) => socket.inode)
    if (listening.length === 0) return undefined
    return processIds().find((pid) => {
        const inodes = socketInodes(pid)
        return inodes !== undefined && listening.some((inode) => inodes.has(inode))
    })
}

function commandOf(pid) {
    try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
    } catch {
        return []
    }
}

// node .../flowise worker, or node .../bin/run worker. PROBE_PID: where several share one /proc (tests).
function findFlowiseWorker() {
    if (process.env.PROBE_PID) return Number(process.env.PROBE_PID)
    return processIds().find((pid) => {
        const words = commandOf(pid)
        const script = words.findIndex((word) => /(^|\/)(flowise|flowise\/bin\/run|bin\/run|\.\/run)$/.test(word))
        return script >= 0 && words[script + 1] === 'worker'
    })
}

function startTime(pid) {
    try {
        // The 22nd field; the 2nd may hold spaces but ends with the last parenthesis.
        const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    } catch {
        return '0'
    }
}

// Of a process whose descriptors cannot be read: all of the network namespace, which a pod has to itself.
function establishedSockets(pid) {
    const inodes = pid === undefined ? undefined : socketInodes(pid)
    return allSockets().filter((socket) => socket.state === ESTABLISHED && (inodes === undefined || inodes.has(socket.inode)))
}

module.exports = { establishedSockets, findFlowiseWorker, findListener, startTime }
