// libzmq: test_proxy_hwm
import { expect } from 'vitest'
import { across, drain, joined, type Scene } from './kit.ts'

// A native proxy whose sockets are closed under it, as a failing test does, aborts the process.
const oursBinds = 'the native proxy aborts its process'

across(
  'a subscriber that does not read blocks neither proxy nor publisher',
  { over: ['tcp', 'inproc'], oursBinds },
  async scene => {
    const { a, b, add } = scene
    const { front, back, up, down } = await forwarder(scene)
    const proxy = new a.Proxy(front, back)
    const running = proxy.run()
    const pub = add(new b.Publisher({ sendHighWaterMark: 1000 }))
    const stuck = add(new b.Subscriber({ receiveHighWaterMark: 10 }))
    const awake = add(new b.Subscriber({ receiveHighWaterMark: 20_000 }))
    stuck.subscribe('')
    awake.subscribe('')
    stuck.connect(down)
    awake.connect(down)
    pub.connect(up)
    await joined(pub, stuck)
    await joined(pub, awake)

    // In turns of 100, each seen by the one who reads before the next: what the other does not read is dropped.
    for (let round = 0; round < 30; round++) {
      for (let sent = 0; sent < 100; sent++) await pub.send([`${round}`, Buffer.alloc(10_000)])
      for (let seen = 0; seen < 100; seen++) expect((await awake.receive())[0]?.toString()).toMatch(/^\d+$|probe/)
    }

    proxy.terminate()
    await running
    expect((await drain(stuck)).length).toBeGreaterThan(0)
  },
)

interface Forwarder {
  readonly front: InstanceType<Scene['a']['XSubscriber']>
  readonly back: InstanceType<Scene['a']['XPublisher']>
  readonly up: string
  readonly down: string
}

async function forwarder({ a, add, bind }: Scene): Promise<Forwarder> {
  const front = add(new a.XSubscriber({ receiveHighWaterMark: 1000 }))
  const back = add(new a.XPublisher({ sendHighWaterMark: 1000 }))
  return { front, back, up: await bind(front), down: await bind(back) }
}
