// libzmq: test_connect_ws_fuzzer
import { bounce, each } from './kit.ts'
import { answerWith, hostile } from './fuzz-targets.ts'
import { random, randomOctets } from './random.ts'

each(
  'a socket that connects by ws outlives whatever it is answered',
  { oursOnly: 'the native package has no ws' },
  async scene => {
    const { a, add } = scene
    const connect = (endpoint: string): void => {
      const client = add(new a.Dealer({ reconnectInterval: -1 }))
      client.connect(endpoint.replace('tcp:', 'ws:'))
    }

    await answerWith(scene, connect, hostile(9, 'NULL'))
    await answerWith(scene, connect, answers(10))

    const server = add(new a.Dealer())
    await server.bind('ws://127.0.0.1:*')
    const client = add(new a.Dealer())
    client.connect(server.lastEndpoint ?? '')
    await bounce(server, client)
  },
)

function* answers(seed: number): Generator<Buffer> {
  const next = random(seed)
  for (let turn = 0; turn < 30; turn++) {
    const head = [
      turn % 4 === 0 ? 'HTTP/1.1 400 Bad Request' : 'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      `Sec-WebSocket-Protocol: ${turn % 5 === 0 ? 'nonsense' : 'ZWS2.0/NULL'}`,
      '',
      '',
    ].join('\r\n')
    yield Buffer.concat([
      Buffer.from(head).subarray(0, turn % 3 === 2 ? next(head.length) : head.length),
      randomOctets(next, next(150)),
    ])
  }
}
