// libzmq: test_pub_invert_matching
import { expect } from 'vitest'
import { across, drain, nothing, reaches, text } from './kit.ts'

across(
  'with inverted matching a subscriber gets what it did not ask for',
  { over: ['tcp', 'ipc', 'inproc'] },
  async scene => {
    const { a, b, add, bind } = scene
    const pub = add(new a.Publisher({ invertMatching: true }))
    const one = add(new b.Subscriber({ invertMatching: true }))
    const two = add(new b.Subscriber({ invertMatching: true }))
    const endpoint = await bind(pub)
    one.subscribe('A')
    two.subscribe('A')
    two.subscribe('B')
    one.connect(endpoint)
    two.connect(endpoint)
    await reaches(pub, one, 'C probe')
    await reaches(pub, two, 'C probe')
    // What the second was probed with came to the first, too.
    await reaches(pub, one, 'C last')
    await reaches(pub, two, 'C last')
    await drain(one)
    await drain(two)

    await pub.send('A message')
    await pub.send('B message')
    await pub.send('C message')

    expect(await text(one)).toEqual(['B message'])
    expect(await text(one)).toEqual(['C message'])
    expect(await text(two)).toEqual(['C message'])
    await nothing(one)
    await nothing(two)
  },
)
