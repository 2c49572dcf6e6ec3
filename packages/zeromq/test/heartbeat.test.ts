import { expect, test } from 'vitest'
import type { Engine } from '../src/engine/engine.ts'
import { Heartbeat } from '../src/heartbeat.ts'

const SILENT = { heartbeatInterval: 0, heartbeatTimeout: -1, heartbeatTtl: 0 }

/** The turn of the event loop in which immediates run: after it come timers, and only then reads. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function busy(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

test('a peer that spoke while the application was busy is not given up, though its time was over first', async () => {
  const engine = { reads: 0, parked: false }
  let lost = 0
  const heartbeat = new Heartbeat(SILENT, engine as unknown as Engine, () => lost++)
  await turn()
  heartbeat.peerWants(10)

  busy(30)
  // What lies in the kernel is read after the timers.
  setImmediate(() => engine.reads++)
  await turn()
  await turn()
  await turn()

  expect(lost).toBe(0)
  heartbeat.stop()
})

test('a peer that is silent is given up, unless the heartbeat was stopped before', async () => {
  const engine = { reads: 0, parked: false }
  let lost = 0
  const [running, stopped] = [0, 1].map(() => new Heartbeat(SILENT, engine as unknown as Engine, () => lost++))
  running?.peerWants(5)
  stopped?.peerWants(5)
  stopped?.stop()

  await new Promise(resolve => setTimeout(resolve, 20))
  await turn()

  expect(lost).toBe(1)
  running?.stop()
})
