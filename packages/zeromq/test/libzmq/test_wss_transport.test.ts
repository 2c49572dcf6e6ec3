// libzmq: test_wss_transport
import { expect } from 'vitest'
import { selfSigned } from '../transport/certificate.ts'
import { bounce, each, nothing, raw } from './kit.ts'

const [keyPem, certificatePem, trustPem, hostname] = [103, 104, 105, 106]
const oursOnly = 'the native package has no wss'

each('REQ and REP bounce over wss', { oursOnly }, async ({ a, add }) => {
  const { certificate, key } = selfSigned('zeromq.org')
  const server = add(new a.Reply())
  raw(server).setStringOption(keyPem, key)
  raw(server).setStringOption(certificatePem, certificate)
  await server.bind('wss://127.0.0.1:*/roundtrip')
  const client = add(new a.Request())
  raw(client).setStringOption(trustPem, certificate)
  raw(client).setStringOption(hostname, 'zeromq.org')
  expect(server.lastEndpoint).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/roundtrip$/)
  client.connect(server.lastEndpoint ?? '')

  await bounce(server, client)
})

for (const [title, trusted, asked] of [
  ['whose certificate it does not trust', false, 'zeromq.org'],
  ['that goes by another name', true, 'example.org'],
] as const)
  each(`a client does not talk to a server ${title}`, { oursOnly }, async ({ a, add }) => {
    const { certificate, key } = selfSigned('zeromq.org')
    const server = add(new a.Pull())
    raw(server).setStringOption(keyPem, key)
    raw(server).setStringOption(certificatePem, certificate)
    await server.bind('wss://127.0.0.1:*')
    const client = add(new a.Push())
    raw(client).setStringOption(trustPem, trusted ? certificate : selfSigned('zeromq.org').certificate)
    raw(client).setStringOption(hostname, asked)
    client.connect(server.lastEndpoint ?? '')
    await client.send('secret')

    await nothing(server, 200)
  })
