import { expect, test } from 'vitest'
import { Monitor, type MonitorEvent } from '../src/monitor.ts'
import { Observer, observable } from '../src/observer.ts'

function observe(): { monitor: Monitor; observer: Observer } {
  const monitor = new Monitor({ hold: () => {}, release: () => {} })
  const socket = {}
  observable(socket, monitor)
  return { monitor, observer: new Observer(socket) }
}

function retried(value: number): MonitorEvent {
  return { type: 'CONNECT_RETRIED', value, endpoint: 'tcp://127.0.0.1:9' }
}

test('an observer that nobody reads keeps the last 100,000 events, in order', async () => {
  const { monitor, observer } = observe()

  for (let i = 0; i < 100_010; i++) monitor.report(retried(i))

  expect(await observer.receive()).toMatchObject({ interval: 10 })
  expect(await observer.receive()).toMatchObject({ interval: 11 })
})

test('what a listener throws reaches the process, and no event is lost by it', async () => {
  const { monitor, observer } = observe()
  const thrown: unknown[] = []
  const seen: number[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => void thrown.push(error))
  observer.on('connect:retry', ({ interval }) => {
    seen.push(interval)
    if (interval === 1) throw new Error('of the application')
  })

  for (let i = 0; i < 3; i++) monitor.report(retried(i))
  await new Promise(resolve => setImmediate(resolve))

  process.removeAllListeners('uncaughtException')
  for (const listener of before) process.on('uncaughtException', listener)
  expect(seen).toEqual([0, 1, 2])
  expect(thrown).toMatchObject([{ message: 'of the application' }])
})
