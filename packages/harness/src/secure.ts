import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { selfSigned } from './certificate.ts'

/** What a server needs to speak TLS and to know one user. */
export interface Secure {
  /** Files in PEM, in the server's own folder; `both` is the key followed by the certificate. */
  readonly files: { readonly certificate: string; readonly key: string; readonly both: string }
  /** What a client is to trust, in PEM. */
  readonly ca: string
  readonly user: string
  readonly password: string
}

/** Makes a certificate for 127.0.0.1 and writes it into that folder. The user and the password are RabbitMQ's own, so that all servers have the same. */
export async function secureFolder(folder: string): Promise<Secure> {
  const { certificate, key } = selfSigned(Date.now())
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), both: join(folder, 'tls.pem') }
  await writeFile(files.certificate, certificate)
  await writeFile(files.key, key, { mode: 0o600 })
  await writeFile(files.both, key + certificate, { mode: 0o600 })
  return { files, ca: certificate, user: 'guest', password: 'guest' }
}
