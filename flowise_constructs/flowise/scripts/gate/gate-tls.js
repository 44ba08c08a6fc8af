'use strict'

// As Flowise reads its variables (DataSource).
function tlsFromEnv(env) {
    if (env.DATABASE_SSL_KEY_BASE64) {
        return {
            rejectUnauthorized: env.DATABASE_REJECT_UNAUTHORIZED === 'true',
            ca: Buffer.from(env.DATABASE_SSL_KEY_BASE64, 'base64')
        }
    }
    return env.DATABASE_SSL === 'true' ? true : undefined
}

module.exports = { tlsFromEnv }
