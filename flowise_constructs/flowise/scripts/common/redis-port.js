'use strict'

const net = require('net')
const { establishedSockets } = require('./process-sockets')

// The port of Redis as this kernel shows it. Socket-level load balancing (Cilium without kube-proxy) shows the
// backend's port in /proc/net/tcp and not the Service's, so it is read off a connection of our own.
function seenPort({ host, port }, timeoutMs) {
    return new Promise((resolve) => {
        const socket = net.connect({ host, port })
        const end = (result) => {
            clearTimeout(timer)
            socket.destroy()
            resolve(result)
        }
        const timer = setTimeout(() => end(undefined), timeoutMs)
        socket.on('error', () => end(undefined))
        socket.on('connect', () => {
            const own = establishedSockets(process.pid).find((row) => row.localPort === socket.localPort)
            end(own ? own.remotePort : undefined)
        })
    })
}

module.exports = { seenPort }
