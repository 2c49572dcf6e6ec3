// libzmq: test_msg_init
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('whatever can be a message arrives as its octets', { over: ['tcp', 'inproc'] }, async ({ a, b, add, bind }) => {
  const push = add(new a.Push())
  const pull = add(new b.Pull())
  pull.connect(await bind(push))

  await push.send(['text', '', null, 12, new Uint8Array([1, 2, 3]), new Uint16Array([0x4241]), new ArrayBuffer(1)])

  const frames = await pull.receive()
  expect(frames.map(frame => frame.toString('latin1'))).toEqual([
    'text',
    '',
    '',
    '12',
    '\u0001\u0002\u0003',
    'AB',
    '\0',
  ])
  await push.send('é')
  expect(await text(pull)).toEqual(['é'])
})
