import { connect } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { dialogue } from '../src/dialogue.ts'
import { serverNames, start } from '../src/index.ts'

test.each(serverNames)(
  '%s takes connections through a fault proxy, which stays when the server restarts',
  async name => {
    await using server = await start(name, { fresh: true })
    await using proxy = await server.proxy()
    const client = connect(proxy.port, '127.0.0.1').resume()
    await once(client, 'connect')
    client.on('error', () => undefined) // a reset or an end: both are how a killed server goes
    const closed = new Promise(resolve => client.once('close', resolve))

    await server.kill()
    await closed
    await server.restart()

    const after = await dialogue(proxy.port, () => Promise.resolve('connected'))

    expect(after).toBe('connected')
    expect(proxy.through(server.url)).toBe(server.url.replace(/\d+$/, String(proxy.port)))
  },
  60_000,
)

test('a client of Kafka that comes through the proxy is told the address of the proxy', async () => {
  await using server = await start('kafka', { fresh: true })
  await using proxy = await server.proxy()

  const answer = await dialogue(proxy.port, async broker => {
    // Metadata, version 4, no topics: after size, correlation id, throttle time, count and node id stand the host and the port
    broker.say(Buffer.from('000000160003000400000001000768617264696e6700000000' + '00', 'hex'))
    return await broker.take(12 + 4 + 4 + 2 + 9 + 4)
  })

  expect(answer.toString('latin1', 22, 31)).toBe('127.0.0.1')
  expect(answer.readInt32BE(31)).toBe(proxy.port)
}, 60_000)
