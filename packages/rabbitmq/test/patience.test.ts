import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answered, goodbye } from '../src/patience.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Something of the client's whose close() does as it is told. */
class Closable extends EventEmitter {
  readonly #close: () => Promise<void>

  constructor(close: () => Promise<void>) {
    super()
    this.#close = close
  }

  close(): Promise<void> {
    return this.#close()
  }
}

const silent = (): Promise<void> => new Promise(() => undefined)

test('a goodbye is over when the server answers', async () => {
  const channel = new Closable(() => Promise.resolve())

  await goodbye(channel)

  expect(channel.listenerCount('close')).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('a goodbye is over when the link breaks instead', async () => {
  const channel = new Closable(silent)
  const done = goodbye(channel)

  channel.emit('close')
  await done

  expect(channel.listenerCount('close')).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('a goodbye to what was closed before is nothing', async () => {
  const channel = new Closable(() => {
    throw new Error('Channel closed')
  })

  await expect(goodbye(channel)).resolves.toBeUndefined()
})

test('a goodbye to a silent server is given up after three seconds', async () => {
  let over = false
  const done = goodbye(new Closable(silent)).then(() => (over = true))

  await vi.advanceTimersByTimeAsync(2_999)
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)

  await expect(done).resolves.toBe(true)
})

test('an answer is passed on, and so is what it fails of', async () => {
  await expect(answered(Promise.resolve(7))).resolves.toBe(7)
  await expect(answered(Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect(vi.getTimerCount()).toBe(0)
})

test('a server that does not answer within ten seconds is as good as gone', async () => {
  const failed = expect(answered(silent())).rejects.toMatchObject({ code: 'DISCONNECTED' })

  await vi.advanceTimersByTimeAsync(10_000)

  await failed
})
