// libzmq: test_proxy
import { expect } from 'vitest'
import { across, attend, text, type Both } from './kit.ts'

// A native proxy whose sockets are closed under it, as a failing test does, aborts the process.
const oursBinds = 'the native proxy aborts its process'

across(
  "clients and workers talk through a proxy, and none gets what is another's",
  { over: ['tcp', 'ipc', 'inproc'], oursBinds },
  async scene => {
    const { a, b, add, bind } = scene
    const front = add(new a.Router())
    const back = add(new a.Dealer())
    front.receiveTimeout = back.receiveTimeout = -1
    const [clientsAt, workersAt] = [await bind(front), await bind(back)]
    const proxy = new a.Proxy(front, back)
    const running = proxy.run()
    const served = [0, 0, 0]
    for (const at of served.keys()) {
      const worker = add(new b.Dealer())
      worker.connect(workersAt)
      void serve(worker, () => void (served[at] = (served[at] ?? 0) + 1))
    }
    const clients = Array.from({ length: 5 }, (_, at) => ({ at, socket: add(new b.Dealer()) }))

    await Promise.all(
      clients.map(async ({ at, socket }) => {
        socket.connect(clientsAt)
        for (let turn = 0; turn < 40; turn++) {
          await socket.send(`client ${at}, request ${turn}`)
          if (turn >= 10) expect(await text(socket)).toEqual([expect.stringContaining(`client ${at}, `)])
        }
        for (let rest = 0; rest < 10; rest++)
          expect(await text(socket)).toEqual([expect.stringContaining(`client ${at}, `)])
      }),
    )

    proxy.terminate()
    await running
    expect(served.reduce((sum, one) => sum + one)).toBe(200)
    expect(Math.min(...served)).toBeGreaterThan(0)
  },
)

async function serve(worker: Both, count: () => void): Promise<void> {
  for (;;) {
    const request = await attend(worker)
    if (request === undefined) return
    count()
    await worker.send(request)
  }
}
