import { EventEmitter } from 'node:events'
import type { MqttClient } from 'mqtt'
import { expect, test } from 'vitest'
import { whileOpen } from '../src/connection.ts'

const made = (): MqttClient => new EventEmitter() as unknown as MqttClient

test('work that a connection is needed for is given up when the connection ends, and not before', async () => {
  const [ends, stands] = [made(), made()]
  const never = whileOpen(ends, new Promise<void>(() => undefined))
  const done = whileOpen(stands, Promise.resolve('done'))

  ends.emit('close')

  await expect(never).rejects.toMatchObject({ code: 'DISCONNECTED' })
  await expect(done).resolves.toBe('done')
})

test('nobody listens for the end any longer when the work is done', async () => {
  const client = made()

  await whileOpen(client, Promise.resolve())
  await expect(whileOpen(client, Promise.reject(new Error('no')))).rejects.toThrow('no')
  await new Promise(resolve => setImmediate(resolve))

  expect(client.listenerCount('close') + client.listenerCount('disconnect')).toBe(0)
})
