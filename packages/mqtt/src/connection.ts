import { Socket } from 'node:net'
import { connect } from 'mqtt'
import type { IClientOptions, IConnackPacket, MqttClient } from 'mqtt'
import { aborted } from 'millrace/adapter'
import { ended, ours } from './errors.ts'

/** A connection that stands, and how the server answered. */
export interface Connected {
  readonly client: MqttClient
  readonly connack: IConnackPacket
}

/** ms that a farewell may take. */
const FAREWELL = 2000

/**
 * Connects once: whatever ends it, core opens another. `prepare` has the client before anything is received.
 * @throws AUTH, SERVER_TOO_OLD, DISCONNECTED, ABORTED
 */
export function dial(
  options: IClientOptions,
  signal: AbortSignal,
  prepare: (client: MqttClient) => void = () => undefined,
): Promise<Connected> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(aborted(signal, 'connect'))
      return
    }
    const client = connect({ ...options, reconnectPeriod: 0, resubscribe: false, queueQoSZero: false })
    prepare(client)
    const over = (): void => {
      signal.removeEventListener('abort', onAbort)
      client.off('connect', onConnect)
      client.off('error', onError)
      client.off('close', onClose)
    }
    const fail = (error: Error): void => {
      over()
      client.end(true)
      reject(error)
    }
    const onConnect = (connack: IConnackPacket): void => {
      over()
      // Packets are small and each is answered: none is to wait for the answer to the one before.
      if (client.stream instanceof Socket) client.stream.setNoDelay(true)
      client.on('error', () => undefined) // the 'close' that follows is what counts
      resolve({ client, connack })
    }
    const onError = (error: Error): void => fail(ours(error, 'connect'))
    const onClose = (): void => fail(ended(undefined))
    const onAbort = (): void => fail(aborted(signal, 'connect'))
    client.on('connect', onConnect)
    client.on('error', onError)
    client.on('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Calls back once when the connection has ended, with why. Returns what stops that. */
export function onEnd(client: MqttClient, listener: (error: Error) => void): () => void {
  let reason: number | undefined
  const onDisconnect = (packet: { reasonCode?: number }): void => void (reason = packet.reasonCode)
  const onClose = (): void => {
    off()
    listener(ended(reason))
  }
  const off = (): void => {
    client.off('disconnect', onDisconnect)
    client.off('close', onClose)
  }
  client.on('disconnect', onDisconnect)
  client.on('close', onClose)
  return off
}

export interface Farewell {
  /** Ends the session, too (MQTT 5). Default false. */
  readonly forget?: boolean
  /** At the abort no answer is waited for. */
  readonly signal?: AbortSignal
}

/** Says goodbye; a server that does not answer is left without. */
export async function farewell(client: MqttClient, { forget = false, signal }: Farewell = {}): Promise<void> {
  if (!client.connected) {
    client.end(true)
    return
  }
  await new Promise<void>(resolve => {
    const cut = (): void => void client.stream.destroy()
    const timer = setTimeout(cut, FAREWELL)
    client.once('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cut)
      resolve()
    })
    client.end(false, forget ? { properties: { sessionExpiryInterval: 0 } } : {})
    if (signal?.aborted) cut()
    else signal?.addEventListener('abort', cut, { once: true })
  })
}

/** What the work comes to, unless the connection ends before. @throws DISCONNECTED */
export function whileOpen<T>(client: MqttClient, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onEnd(client, reject)
    work.then(resolve, reject).finally(off)
  })
}
