// libzmq: test_bind_ws_fuzzer
import { bounce, each } from './kit.ts'
import { hostile, throwAt } from './fuzz-targets.ts'
import { random, randomOctets } from './random.ts'

each(
  'a socket bound to ws outlives whatever octets it is sent',
  { oursOnly: 'the native package has no ws' },
  async scene => {
    const { a, add } = scene
    const server = add(new a.Dealer({ handshakeInterval: 2_000 }))
    await server.bind('ws://127.0.0.1:*')
    const endpoint = server.lastEndpoint ?? ''

    await throwAt(scene, server, hostile(4, 'NULL'))
    await throwAt(scene, server, requests(5))

    const honest = add(new a.Dealer())
    honest.connect(endpoint)
    await bounce(server, honest)
  },
)

function* requests(seed: number): Generator<Buffer> {
  const next = random(seed)
  const whole = Buffer.from(
    [
      'GET / HTTP/1.1',
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: ZWS2.0/NULL,ZWS2.0',
      'Sec-WebSocket-Version: 13',
      '',
      '',
    ].join('\r\n'),
  )
  for (let turn = 0; turn < 40; turn++) {
    const cut = turn % 2 === 0 ? whole : whole.subarray(0, next(whole.length))
    const octets = Buffer.concat([cut, randomOctets(next, next(100))])
    if (turn % 3 === 1) octets[next(octets.length)] = next(256)
    yield octets
  }
}
