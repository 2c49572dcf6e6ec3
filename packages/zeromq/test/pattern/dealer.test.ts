import { expect, test } from 'vitest'
import { DealerPattern } from '../../src/pattern/dealer.ts'
import { all, FakeHost, FakePeer } from './fake.ts'

test('a dealer sends in turn, reads in turn and adds nothing', () => {
  const dealer = new DealerPattern('DEALER', new FakeHost())
  const one = new FakePeer().join(dealer).says('', 'a1').says('', 'a2')
  const two = new FakePeer().join(dealer).says('', 'b1')

  dealer.send(['', '1'])
  dealer.send(['', '2'])

  expect([one.got, two.got]).toEqual([['|1'], ['|2']])
  expect(all(dealer)).toEqual(['|a1', '|b1', '|a2'])
})

test('a probe is the first message of each new pipe', () => {
  const dealer = new DealerPattern('DEALER', new FakeHost({ probeRouter: true }))
  const peer = new FakePeer({ side: 'connect' }).join(dealer)
  dealer.send('x')
  peer.unlink().link()

  expect(peer.got).toEqual(['', 'x'])
})

test('a hiccup message is read when the connection is lost', () => {
  const dealer = new DealerPattern('DEALER', new FakeHost({ hiccupMessage: Buffer.from('hic') }))
  new FakePeer({ side: 'connect' }).join(dealer).says('before').unlink()

  expect(all(dealer)).toEqual(['before', 'hic'])
})

test('a client takes and gives single frames alone', () => {
  const client = new DealerPattern('CLIENT', new FakeHost())
  new FakePeer().join(client).says('a', 'b').says('c')

  expect(client.send(['a', 'b'])).toBe('EINVAL')
  expect(client.send('a')).toBe('accept')
  expect(all(client)).toEqual(['c'])
})
