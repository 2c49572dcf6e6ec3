// libzmq: test_disconnect_inproc
import { expect } from 'vitest'
import { across, attend, text } from './kit.ts'

across(
  'a SUB that disconnects takes its subscription along',
  { over: ['inproc', 'tcp'] },
  async ({ a, b, add, bind }) => {
    const pub = add(new a.XPublisher())
    const sub = add(new b.Subscriber())
    const endpoint = await bind(pub)
    sub.subscribe('foo')
    sub.connect(endpoint)
    expect(await text(pub)).toEqual(['\u0001foo'])
    await pub.send(['foo', 'this is foo!'])
    expect(await text(sub)).toEqual(['foo', 'this is foo!'])

    sub.disconnect(endpoint)
    sub.receiveTimeout = 500
    const heard = attend(sub)

    expect(await text(pub)).toEqual(['\u0000foo'])
    await pub.send(['foo', 'nobody hears'])
    expect(await heard).toBeUndefined()
  },
)
