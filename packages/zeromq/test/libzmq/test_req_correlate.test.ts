// libzmq: test_req_correlate
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('a correlating REQ takes the reply that carries its number', { over: ['tcp', 'inproc'] }, async scene => {
  const { a, b, add, bind } = scene
  const router = add(new a.Router())
  const req = add(new b.Request({ correlate: true }))
  req.connect(await bind(router))
  await req.send('request')
  const [id, number, delimiter, body] = await router.receive()
  if (id === undefined || number === undefined) throw new Error('a part is missing')
  expect([number.length, delimiter?.length, body?.toString()]).toEqual([4, 0, 'request'])
  const wrong = Buffer.from(number.map(octet => octet ^ 0xff))

  await router.send([id, wrong, '', 'wrong number'])
  await router.send([id, number, '', 'right'])

  expect(await text(req)).toEqual(['right'])
})
