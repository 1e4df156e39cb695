const express = require('express')
const { connection } = require('@mailroom/kit')

const app = express()
app.get('/health', (req, res) => res.sendStatus(200))
app.get('/keys', async (req, res) => res.json(await connection().keys('*')))
app.listen(process.env.PORT || 5202)
