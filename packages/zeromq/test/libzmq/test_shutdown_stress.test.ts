// libzmq: test_shutdown_stress
import { expect } from 'vitest'
import { across, nothing } from './kit.ts'

across('a hundred that connect and close at once, ten times over, leave the other side whole', async scene => {
  const { a, b, add, bind } = scene
  for (let turn = 0; turn < 10; turn++) {
    const pub = new a.Publisher({ linger: 0 })
    const endpoint = await bind(pub)
    const subs = Array.from({ length: 100 }, () => new b.Subscriber({ linger: 0 }))
    for (const sub of subs) sub.connect(endpoint)
    for (const sub of subs.slice(0, 50)) sub.close()
    await pub.send('to whom it may concern')
    pub.close()
    for (const sub of subs.slice(50)) sub.close()
    expect([pub, ...subs].every(socket => socket.closed)).toBe(true)
  }

  const pull = add(new a.Pull())
  await bind(pull)
  await nothing(pull, 10)
})
