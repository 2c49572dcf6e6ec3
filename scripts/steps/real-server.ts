import { HarnessError, start } from '@millrace/harness'
import type { RunningServer, ServerName } from '@millrace/harness'

/** A server that an adapter's example or README needs. */
export interface RealServer {
  readonly server: ServerName
  /** The environment variable in which an example finds its URL. */
  readonly variable: string
}

const servers: Readonly<Record<string, RealServer>> = {
  kafka: { server: 'kafka', variable: 'KAFKA_URL' },
  mqtt: { server: 'mosquitto', variable: 'MQTT_URL' },
  nats: { server: 'nats', variable: 'NATS_URL' },
  rabbitmq: { server: 'rabbitmq', variable: 'RABBITMQ_URL' },
}

/** What an example's folder (`nats`, `nats-replay`) or an adapter's package needs, by the first word of its name; none for others. */
export function serverFor(name: string): RealServer | undefined {
  return servers[name.split('-')[0] ?? '']
}

/** Starts it, with nothing in it; a string is why it cannot be had on this machine. */
export async function startEmpty({ server }: RealServer): Promise<RunningServer | string> {
  try {
    return await start(server, { fresh: true })
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'NOT_AVAILABLE') return error.message
    throw error
  }
}

/** The code with every address on this machine (`nats://127.0.0.1:4222`) replaced by the server's own; the scheme stays. */
export function atServer(code: string, url: string): string {
  const [, authority = ''] = /:\/\/([^/?]+)/.exec(url) ?? []
  return code.replace(/(\b[a-z+]+:\/\/)(?:[^@/'"`\s]*@)?(?:127\.0\.0\.1|localhost):\d+/g, (_, scheme: string) => scheme + authority) // prettier-ignore
}
