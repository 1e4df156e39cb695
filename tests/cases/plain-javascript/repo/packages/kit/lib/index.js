const Redis = require('ioredis')

exports.connection = () => new Redis({ host: process.env.REDIS_HOST || 'localhost' })
