'use strict'

// Loaded in front of a main with two doors (NODE_OPTIONS). A client may send a whole URL where a path belongs. A proxy
// then matches the path in it, and HAProxy forwards the whole URL. Flowise takes HTML tags out of what it gets, and so
// http://a<x@chat.example.com/api/v1/prediction/>/api/v1/auth/login would be matched as a prediction and handled as a
// log-in. Here nothing but a path is taken (RFC 9112: the origin form).

const http = require('http')

const emit = http.Server.prototype.emit

http.Server.prototype.emit = function (event, request, response) {
    if (event !== 'request' || request.url.startsWith('/')) return emit.apply(this, arguments)
    response.writeHead(400, { 'content-type': 'text/plain', connection: 'close' })
    response.end('the request target must be a path\n')
    return true
}
