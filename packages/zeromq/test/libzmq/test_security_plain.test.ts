// libzmq: test_security_plain
import { expect } from 'vitest'
import { across, bounce, each, Events, nothing, portOf, type Scene } from './kit.ts'
import { ask, keys, ownContext, serve } from './security.ts'
import { command, commandBody, greeting, WirePeer } from './wire-peer.ts'
import { verdict, zapHandler } from './zap-handler.ts'

across('a client with the right password is let in', async scene => {
  const { b, add, bind } = scene
  const { server } = await plain(scene)
  const client = add(new b.Dealer())
  ask(client, 'PLAIN', keys(b))
  client.connect(await bind(server))

  await bounce(server, client)

  expect([server.securityMechanism, client.securityMechanism]).toEqual(['plain', 'plain'])
})

for (const [title, options] of [
  ['with a wrong password', { plainUsername: 'admin', plainPassword: 'wrong' }],
  ['with a name nobody has', { plainUsername: 'nobody', plainPassword: 'password' }],
] as const)
  across(`a client ${title} is refused, and told`, async scene => {
    const { b, add, bind } = scene
    const { server } = await plain(scene)
    const client = add(new b.Dealer(options))
    const [here, there] = [new Events(server), new Events(client)]
    client.connect(await bind(server))

    expect(await here.next('handshake:error:auth')).toMatchObject({ error: { status: 400 } })
    expect(await there.next('handshake:error:auth')).toMatchObject({ error: { status: 400 } })
    await nothing(server)
  })

across('a client that speaks no PLAIN is refused', async scene => {
  const { b, add, bind } = scene
  const { server } = await plain(scene)
  const client = add(new b.Dealer())
  const [here, there] = [new Events(server), new Events(client)]
  client.connect(await bind(server))

  // Whoever sees it first hangs up on the other.
  const seen = await Promise.any([here, there].map(events => events.next('handshake:error:protocol')))
  expect(seen).toMatchObject({ error: { code: 'ERR_ZMTP_MECHANISM_MISMATCH' } })
})

across('two servers do not get along', async scene => {
  const { b, add, bind } = scene
  const { server } = await plain(scene)
  const client = add(new b.Dealer({ plainServer: true, handshakeInterval: 100 }))
  const events = new Events(client)
  client.connect(await bind(server))

  await Promise.race([
    events.next('handshake:error:other'),
    events.next('disconnect'),
    events.next('handshake:error:protocol'),
  ])

  expect(events.types).not.toContain('handshake')
})

each('a server that hears something else than HELLO hangs up', async scene => {
  const { server, endpoint } = await plainBound(scene)
  const events = new Events(server)
  for (const [garbage, code] of [
    [command('HELLO', '\u0005adm'), 'ERR_ZMTP_MALFORMED_COMMAND_HELLO'],
    [command('INITIATE'), 'ERR_ZMTP_UNEXPECTED_COMMAND'],
  ] as const) {
    const peer = await WirePeer.connect(portOf(endpoint), scene)
    peer.write(greeting({ mechanism: 'PLAIN' }), garbage)

    await peer.closed

    expect(await events.next('handshake:error:protocol')).toMatchObject({ error: { code } })
  }
})

each('a client of octets is let in command by command', async scene => {
  const { endpoint } = await plainBound(scene)
  const peer = await WirePeer.connect(portOf(endpoint), scene)
  peer.write(greeting({ mechanism: 'PLAIN' }), command('HELLO', '\u0005admin\u0008password'))
  await peer.read(64)

  expect(await peer.frame()).toEqual({ flags: 4, body: commandBody('WELCOME') })
  peer.write(command('INITIATE', '\u000bSocket-Type\0\0\0\u0006DEALER'))

  const { flags, body } = await peer.frame()
  expect([flags, body.subarray(0, 6).toString()]).toEqual([4, '\u0005READY'])
})

async function plain(scene: Scene): Promise<{ server: InstanceType<Scene['a']['Dealer']> }> {
  const context = ownContext(scene, scene.a)
  await zapHandler(scene, scene.a, context, request => {
    const [user, password] = request.credentials
    return verdict(request, user?.toString() === 'admin' && password?.toString() === 'password' ? '200' : '400')
  })
  const server = scene.add(new scene.a.Dealer({ context }))
  serve(server, 'PLAIN', keys(scene.a))
  return { server }
}

async function plainBound(scene: Scene): Promise<{ server: InstanceType<Scene['a']['Dealer']>; endpoint: string }> {
  const { server } = await plain(scene)
  return { server, endpoint: await scene.bind(server) }
}
