// libzmq: test_security_zap
import { expect } from 'vitest'
import type { Dealer } from 'zeromq'
import { across, bounce, Events, nothing, type Scene } from './kit.ts'
import { ask, keys, mechanisms, ownContext, serve, type Mechanism } from './security.ts'
import { verdict, zapHandler, type Answer, type Request } from './zap-handler.ts'

const protocolErrors: readonly (readonly [string, (request: Request) => Answer, string])[] = [
  ['a wrong version', ({ id }) => ['0.0', id, '200', 'OK', 'user', ''], 'ERR_ZAP_BAD_VERSION'],
  ['a wrong request id', () => ['1.0', 'wrong', '200', 'OK', 'user', ''], 'ERR_ZAP_BAD_REQUEST_ID'],
  ['a status that is none', ({ id }) => ['1.0', id, '600', 'OK', 'user', ''], 'ERR_ZAP_INVALID_STATUS_CODE'],
  ['too many parts', ({ id }) => ['1.0', id, '200', 'OK', 'user', '', ''], 'ERR_ZAP_MALFORMED_REPLY'],
  ['too few parts', ({ id }) => ['1.0', id, '200', 'OK'], 'ERR_ZAP_MALFORMED_REPLY'],
  ['broken metadata', ({ id }) => ['1.0', id, '200', 'OK', 'user', '\u0005hel'], 'ERR_ZAP_INVALID_METADATA'],
]

for (const mechanism of mechanisms) {
  across(`${mechanism}: a handler that agrees lets in`, async scene => {
    const { server, client, requests, bind } = await played(scene, mechanism, request => verdict(request, '200'))
    client.connect(await bind())

    await bounce(server, client)

    expect(requests).toMatchObject([{ mechanism, domain: 'global' }])
  })

  for (const [title, answer, code] of protocolErrors)
    across(`${mechanism}: a reply with ${title} keeps out`, async scene => {
      const { server, client, bind } = await played(scene, mechanism, answer)
      const events = new Events(server)
      client.connect(await bind())

      expect(await events.next('handshake:error:protocol')).toMatchObject({ error: { code } })

      expect(events.types).not.toContain('handshake')
    })

  across(`${mechanism}: status 300 keeps out for now, and the client is not told`, async scene => {
    const { server, client, bind } = await played(scene, mechanism, request => verdict(request, '300'))
    const [here, there] = [new Events(server), new Events(client)]
    client.connect(await bind())

    expect(await here.next('handshake:error:auth')).toMatchObject({ error: { status: 300 } })
    await nothing(server)

    expect(there.types).not.toContain('handshake:error:auth')
    expect(there.types).not.toContain('handshake')
  })

  for (const status of ['400', '500'] as const)
    across(`${mechanism}: status ${status} keeps out, and the client is told`, async scene => {
      const { server, client, bind } = await played(scene, mechanism, request => verdict(request, status))
      const [here, there] = [new Events(server), new Events(client)]
      client.connect(await bind())

      expect(await here.next('handshake:error:auth')).toMatchObject({ error: { status: Number(status) } })
      expect(await there.next('handshake:error:auth')).toMatchObject({ error: { status: Number(status) } })
    })

  across(`${mechanism}: a handler that says nothing keeps out until the handshake's time is up`, async scene => {
    const { server, client, bind } = await played(scene, mechanism, () => 'silence')
    server.handshakeInterval = 100
    const events = new Events(server)
    client.connect(await bind())

    await events.next('handshake:error:other')

    expect(events.types).not.toContain('handshake')
  })
}

interface Played {
  readonly server: Dealer
  readonly client: Dealer
  readonly requests: Request[]
  readonly bind: () => Promise<string>
}

async function played(scene: Scene, mechanism: Mechanism, answer: (request: Request) => Answer): Promise<Played> {
  const { a, b, add } = scene
  const context = ownContext(scene, a)
  const { requests } = await zapHandler(scene, a, context, answer)
  const pair = keys(a)
  const server = add(new a.Dealer({ context }))
  serve(server, mechanism, pair)
  const client = add(new b.Dealer({ reconnectInterval: 20 }))
  ask(client, mechanism, pair)
  return { server, client, requests, bind: () => scene.bind(server) }
}
