// Every legal pair of socket types × mechanism × transport × who binds, with the native package on the other side.
import { expect } from 'vitest'
import { across, Events, raw, type Scene } from '../libzmq/kit.ts'
import { ask, keys, mechanisms, ownContext, serve, type Mechanism } from '../libzmq/security.ts'
import { verdict, zapHandler } from '../libzmq/zap-handler.ts'
import { exchange, make, single, socketPairs, type TypeName } from './socket-pairs.ts'
import type { Socket } from 'zeromq'

const full = process.env['MILLRACE_FULL'] === '1'
const sizes = full ? [0, 1, 255, 256, 8_191, 65_535, 65_536, 1_048_576] : [0, 1, 255, 256, 65_537]

for (const pair of socketPairs)
  for (const mechanism of mechanisms)
    for (const binder of [0, 1] as const)
      across(
        `${pair[0]} to ${pair[1]}, ${mechanism}, ${pair[binder]} binds`,
        { over: ['tcp', 'ipc'], timeout: 30_000, ...libzmqCannot(pair[binder], mechanism) },
        async scene => {
          const { first, second } = await joined(scene, pair, mechanism, binder)

          await exchange(pair, first, second, messages(pair))

          expect(first.securityMechanism).toBe(mechanism === 'NULL' ? null : mechanism.toLowerCase())
        },
      )

for (const mechanism of mechanisms)
  across(`16 MiB go both ways, ${mechanism}`, { timeout: 60_000 }, async scene => {
    const { first, second } = await joined(scene, ['DEALER', 'DEALER'], mechanism, 1)

    await exchange(['DEALER', 'DEALER'], first, second, [[Buffer.alloc(16 * 1024 * 1024, 'mill')]])
  })

across(
  'CURVE carries 1500 messages, among them large ones, with heartbeats all the time',
  { timeout: 60_000 },
  async scene => {
    const beats = { heartbeatInterval: 10, heartbeatTimeout: 5_000, heartbeatTimeToLive: 5_000 }
    const { first, second } = await joined(scene, ['DEALER', 'DEALER'], 'CURVE', 1, beats)
    const events = new Events(first)
    const sent = Array.from({ length: 1_500 }, (_, at) =>
      at % 300 === 299 ? [Buffer.alloc(70_000 + at, at)] : [Buffer.from(`message ${at}`), Buffer.alloc(at % 50)],
    )

    await exchange(['DEALER', 'DEALER'], first, second, sent)

    expect(events.types).not.toContain('disconnect')
  },
)

across('CURVE comes back after its peer was away, three times', { timeout: 30_000 }, async scene => {
  const { a, b, add } = scene
  const pair = keys(a)
  const endpoint = await scene.unused()
  const client = add(new b.Dealer({ reconnectInterval: 10 }))
  ask(client, 'CURVE', pair)
  client.connect(endpoint)
  for (let life = 0; life < 3; life++) {
    const server = add(new a.Dealer())
    serve(server, 'CURVE', pair, '')
    await server.bind(endpoint)

    await exchange(
      ['DEALER', 'DEALER'],
      client,
      server,
      Array.from({ length: 200 }, () => [Buffer.alloc(500, life)]),
    )

    const events = new Events(client)
    server.close()
    await events.next('disconnect')
  }
})

// Two sockets of libzmq do not get past this either: its REQ and DISH sessions take the commands of the handshake of a
// PLAIN server for messages.
function libzmqCannot(bound: TypeName, mechanism: Mechanism): { oursBinds?: string } {
  return mechanism === 'PLAIN' && (bound === 'REQ' || bound === 'DISH') ? { oursBinds: 'libzmq fails with itself' } : {}
}

async function joined(
  scene: Scene,
  pair: readonly [TypeName, TypeName],
  mechanism: Mechanism,
  binder: 0 | 1,
  options: object = {},
): Promise<{ first: Socket; second: Socket }> {
  const pairOfKeys = keys(scene.a)
  const context = ownContext(scene, scene.a)
  if (mechanism === 'PLAIN')
    await zapHandler(scene, scene.a, context, request =>
      verdict(request, request.credentials.map(String).join() === 'admin,password' ? '200' : '400'),
    )
  const bound = make(scene, scene.a, pair[binder], { ...options, context, maxMessageSize: 32 * 1024 * 1024 })
  const connecting = make(scene, scene.b, pair[1 - binder] as TypeName, { ...options })
  serve(bound, mechanism, pairOfKeys, '')
  ask(connecting, mechanism, pairOfKeys)
  const [first, second] = binder === 0 ? [bound, connecting] : [connecting, bound]
  prepare(pair, first, second)
  const endpoint = await scene.bind(bound)
  const events = new Events(bound)
  // A ROUTER that speaks to a ROUTER knows it by the name that it gave it.
  if (pair.join(' ') === 'ROUTER ROUTER' && binder === 1)
    (connecting as InstanceType<Scene['a']['Router']>).connect(endpoint, { routingId: 'other' })
  else connecting.connect(endpoint)
  await events.next('handshake')
  return { first, second }
}

function prepare(pair: readonly [TypeName, TypeName], first: Socket, second: Socket): void {
  const topic = Buffer.from('t')
  if (pair[1] === 'SUB') raw(second).setStringOption(6, topic)
  // An XSUB subscribes by a message, and so does XSUB in a test: it may be sent at any time.
  if (pair[1] === 'XSUB') void (second as InstanceType<Scene['a']['XSubscriber']>).send(Buffer.from('\u0001t'))
  if (pair[1] === 'DISH') (second as InstanceType<Scene['a']['Dish']>).join('g')
  if (pair.join(' ') === 'ROUTER ROUTER') {
    ;(second as InstanceType<Scene['a']['Router']>).routingId = 'other'
    ;(first as InstanceType<Scene['a']['Router']>).mandatory = false
  }
}

function messages(pair: readonly [TypeName, TypeName]): Buffer[][] {
  const ones = sizes.map(size => [Buffer.alloc(size, 'millrace')])
  if (single.has(pair[0])) return ones
  return [...ones, [Buffer.from('three'), Buffer.alloc(0), Buffer.alloc(300, 'parts')]]
}
