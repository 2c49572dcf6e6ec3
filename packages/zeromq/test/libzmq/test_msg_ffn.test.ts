// libzmq: test_msg_ffn
import { expect } from 'vitest'
import { across } from './kit.ts'

across('a large buffer is let go of once it was sent', { over: ['tcp', 'inproc'] }, async ({ a, b, add, bind }) => {
  const push = add(new a.Push())
  const pull = add(new b.Pull())
  pull.connect(await bind(push))
  const sent: WeakRef<Buffer>[] = []
  for (let at = 0; at < 8; at++) {
    const body = Buffer.alloc(300_000, at)
    sent.push(new WeakRef(body))
    await push.send(body)
    expect((await pull.receive())[0]?.length).toBe(300_000)
  }

  await expect
    .poll(
      () => {
        // Allocation makes the collector run; what is still referenced from a queue would stay for good.
        for (let at = 0; at < 40; at++) Buffer.alloc(1_000_000)
        return sent.slice(0, -1).filter(reference => reference.deref() !== undefined).length
      },
      { timeout: 10_000 },
    )
    .toBeLessThan(4)
})
