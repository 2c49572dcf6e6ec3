import { createServer } from 'node:net'
import { message } from 'millrace'
import type { Delivery } from 'millrace'
import { MillraceError } from 'millrace/adapter'
import { afterAll, expect, test } from 'vitest'
import { nats } from '../src/index.ts'
import { isStreamAck } from '../src/questions.ts'

/** Nobody listens there. */
const url = `nats://127.0.0.1:${await freePort()}`
const broker = nats({ url, reconnect: { base: 5, max: 5 } })
afterAll(() => broker.close({ timeout: 0 }))

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

function asked(reply: string): Delivery {
  return { message: message('x'), topic: 't', attempt: 1, origin: { reply } } as unknown as Delivery // all that is read
}

test.each([
  ['bad topic!', message('x'), {}, 'INVALID_TOPIC'],
  ['t', message(new Uint8Array(1024 * 1024)), {}, 'TOO_LARGE'],
  ['t', { ...message('x'), metadata: { 'no spaces': 'x' } }, {}, 'INVALID_METADATA'],
  ['t', 'x', {}, 'INVALID_PAYLOAD'],
  ['t', [message('x')], {}, 'INVALID_PAYLOAD'],
  ['t', undefined, {}, 'INVALID_PAYLOAD'],
  ['t', message('x'), { timeuot: 5 }, 'BAD_OPTION'],
  ['t', message('x'), { delay: 5 }, 'BAD_OPTION'],
  ['t', message('x'), { timeout: 0 }, 'BAD_OPTION'],
  ['t', message('x'), { signal: 5 }, 'BAD_OPTION'],
  ['t', message('x'), null, 'BAD_OPTION'],
])('a request to %j that is wrong is refused before anything is sent', async (topic, what, options, code) => {
  await expect(broker.request(topic, what as never, options as never)).rejects.toMatchObject({ code })
  if (code !== 'INVALID_TOPIC')
    await expect(broker.respond(asked('_INBOX.1'), what as never, options as never)).rejects.toMatchObject({ code })
  expect(broker.health().state).toBe('idle')
})

test('what came by no request cannot be answered', async () => {
  for (const reply of ['', 'a b', 'a\r\nPUB'])
    await expect(broker.respond(asked(reply), message('x'))).rejects.toMatchObject({ code: 'NO_ROUTE' })
  await expect(broker.respond({ ...asked(''), origin: {} }, message('x'))).rejects.toMatchObject({ code: 'NO_ROUTE' })
})

test("a request that an abort ends rejects with ABORTED, or with the signal's own error", async () => {
  const own = new MillraceError('TIMEOUT', 'mine')
  const later = new AbortController()

  const waiting = broker.request('t', message('x'), { signal: later.signal })
  later.abort()

  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(broker.request('t', message('x'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ABORTED',
  })
  await expect(broker.request('t', message('x'), { signal: AbortSignal.abort(own) })).rejects.toBe(own)
})

test('a request that no connection can take ends by its timeout, and says why', async () => {
  await expect(broker.request('t', message('x'), { timeout: 50 })).rejects.toThrow(
    expect.objectContaining({ code: 'TIMEOUT', message: expect.stringContaining('ECONNREFUSED') }),
  )
  await expect(broker.respond(asked('_INBOX.1'), message('x'), { timeout: 50 })).rejects.toMatchObject({
    code: 'TIMEOUT',
  })
})

test('a closed broker neither asks nor answers', async () => {
  const closed = nats({ url })
  await closed.close()

  await expect(closed.request('t', message('x'))).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(closed.respond(asked('_INBOX.1'), message('x'))).rejects.toMatchObject({ code: 'CLOSED' })
})

test.each([
  ['{"stream":"s","seq":1}', true],
  ['{"stream":"s","domain":"d","seq":1,"duplicate":true}', true],
  ['{"error":{"code":503},"stream":"s","seq":0}', true],
  ['{"stream":"s"}', false],
  ['{"a":1}', false],
  ['{', false],
  ['', false],
])('that %s is what a stream says: %s', (text, expected) => {
  expect(isStreamAck({ data: Buffer.from(text) })).toBe(expected)
})
