// libzmq: test_msg_ffn
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import { across } from './kit.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

across('a large buffer is let go of once it was sent', async ({ a, b, add, bind }) => {
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

  await expect.poll(() => (collect(), sent.filter(reference => reference.deref() !== undefined).length)).toBeLessThan(3)
})
