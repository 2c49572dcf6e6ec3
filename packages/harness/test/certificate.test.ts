import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { selfSigned } from '../src/certificate.ts'

test('a client that trusts the certificate talks to a server that has it, and another client does not', async () => {
  const { certificate, key } = selfSigned(Date.now())
  const server = createServer({ cert: certificate, key }, socket => socket.on('error', () => undefined).end('hello'))
  server.on('tlsClientError', () => undefined)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo

  const trusting = connect({ port, host: '127.0.0.1', ca: certificate, servername: 'localhost' })
  const [hello] = (await once(trusting, 'data')) as [Buffer]
  const other = connect({ port, host: '127.0.0.1', servername: 'localhost' })
  const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException]
  server.close()

  expect(hello.toString()).toBe('hello')
  expect(error.code).toMatch(/SELF_SIGNED/)
})

test('the certificate names localhost and 127.0.0.1, and is valid for a year', () => {
  const now = Date.UTC(2026, 10, 22)

  const x509 = new X509Certificate(selfSigned(now).certificate)

  expect([x509.checkHost('localhost'), x509.checkIP('127.0.0.1')]).toEqual(['localhost', '127.0.0.1'])
  expect([x509.checkHost('example.org'), x509.ca, x509.verify(x509.publicKey)]).toEqual([undefined, true, true])
  expect(Date.parse(x509.validTo) - now).toBe(365 * 86_400_000)
})
