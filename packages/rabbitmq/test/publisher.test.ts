import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import type { ConfirmChannel, Options } from 'amqplib'
import { expect, test } from 'vitest'
import { Publisher } from '../src/publisher.ts'

type Answered = (error: unknown) => void

/** A confirm channel: what the client publishes, what goes past it, and who waits for which confirm. */
class FakeChannel extends EventEmitter {
  readonly ch = 1
  readonly told: string[] = []
  readonly unconfirmed: Answered[] = []
  room = true
  held = false
  readonly #buffer = new PassThrough({ objectMode: true })
  readonly #stream = new Writable({
    highWaterMark: 1024,
    write: (chunk: Buffer, _encoding, done) => {
      const bodies = chunk.toString('latin1').matchAll(/<(\w+)>/g)
      this.told.push(`past it: ${Array.from(bodies, ([, name]) => name).join(' ')}`)
      if (this.held) this.drain = done
      else done()
    },
  })
  drain = (): void => undefined
  readonly connection = {
    frameMax: 131_072,
    channels: [null, { channel: this as unknown, buffer: this.#buffer }],
    stream: this.#stream,
  }

  publish(_exchange: string, _key: string, content: Buffer, options: Options.Publish, answered: Answered): boolean {
    this.told.push(`by it: ${content.subarray(1, content.indexOf('>')).toString()} ${options.deliveryMode}`)
    this.unconfirmed.push(answered)
    return this.room
  }

  pushConfirmCallback(answered: Answered): void {
    this.unconfirmed.push(answered)
  }
}

const made = () => {
  const channel = new FakeChannel()
  const answers: string[] = []
  const publisher = new Publisher(channel as unknown as ConfirmChannel)
  const send = (name: string, { size = 0, exchange = 'e' } = {}): void => {
    const payload = Buffer.from(`<${name}>${'x'.repeat(size)}`)
    const headers = { 'millrace-id': name }
    publisher.send({ exchange, key: 'k', payload, mandatory: true, headers }, error =>
      answers.push(`${name}: ${error === undefined ? 'ok' : String((error as { code?: unknown }).code)}`),
    )
  }
  return { channel, publisher, answers, send }
}
const tick = () => new Promise<void>(resolve => process.nextTick(resolve))
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test('one that is awaited leaves when the code has returned, many leave together, and confirms find theirs', async () => {
  const { channel, answers, send } = made()

  send('a')
  await tick()
  expect(channel.told).toEqual(['past it: a'])
  send('b')
  send('c')
  await turn()
  expect(channel.told).toEqual(['past it: a', 'past it: b c'])
  channel.unconfirmed[1]?.(null)
  channel.unconfirmed[0]?.(null)
  channel.unconfirmed[2]?.(new Error('nacked'))

  expect(answers).toEqual(['b: ok', 'a: ok', 'c: undefined'])
})

test('what the client publishes keeps its place among what goes past it', async () => {
  const { channel, publisher, send } = made()

  send('a')
  send('large', { size: 9000 })
  send('b')
  publisher.sendAs({ exchange: '', key: 'q' }, Buffer.from('<again>'), { messageId: 'x' }, () => undefined)
  await turn()

  expect(channel.told).toEqual(['past it: a', 'by it: large 2', 'past it: b', 'by it: again undefined'])
  expect(channel.unconfirmed).toHaveLength(4)
})

test('what came back before its confirm has no route, by whomever it was published', async () => {
  const { channel, answers, send } = made()
  send('a')
  send('large', { size: 9000 })
  send('b')
  await turn()

  for (const name of ['a', 'large'])
    channel.emit('return', {
      fields: { exchange: 'e', routingKey: 'k' },
      properties: { headers: { 'millrace-id': name } },
    })
  for (const answered of channel.unconfirmed) answered(null)

  expect(answers).toEqual(['a: NO_ROUTE', 'large: NO_ROUTE', 'b: ok'])
})

test('it is full until the connection has taken what was written past the client', async () => {
  const { channel, publisher, send } = made()
  channel.held = true
  for (let i = 0; publisher.full === undefined && i < 1000; i++) send('a', { size: 4000 })

  const freed = publisher.full?.then(() => 'freed')
  for (let i = 0; publisher.full && i < 1000; i++) {
    channel.drain()
    await turn()
  }

  await expect(freed).resolves.toBe('freed')
})

test('it is full until the client has drained its own, and no longer than the channel is open', async () => {
  const { channel, publisher, send } = made()
  channel.room = false

  send('large', { size: 9000 })
  expect(publisher.full).toBeInstanceOf(Promise)
  channel.emit('drain')
  expect(publisher.full).toBe(undefined)
  send('large', { size: 9000 })
  const freed = publisher.full?.then(() => 'freed')
  channel.emit('close')

  await expect(freed).resolves.toBe('freed')
  expect(publisher.isOpen).toBe(false)
  expect(() => send('b')).toThrow('the channel is closed')
})
