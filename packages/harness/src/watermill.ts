import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { HarnessError } from './error.ts'
import { rival } from './rival.ts'

/** A message as Watermill has it. */
export interface WatermillMessage {
  readonly uuid: string
  readonly metadata: Readonly<Record<string, string>>
  readonly payload: Uint8Array
}

/** How Watermill is to use a broker; what is not given is its own default. */
export interface WatermillOptions {
  /** `amqp://…`, `kafka://…` or `nats://…` (JetStream). */
  readonly url: string
  readonly topic: string
  readonly group?: string
  /** Makes the topic, queue or stream as Watermill does, first. */
  readonly create?: boolean
  /** RabbitMQ: a fan-out exchange named as the topic, and a queue `topic_group`, instead of one queue named as the topic. */
  readonly pubsub?: boolean
  /** RabbitMQ: an exchange and a queue that are there, used as they are; the key is the topic unless given. Nothing is declared. */
  readonly existing?: { readonly exchange?: string; readonly routingKey?: string; readonly queue?: string }
  /** RabbitMQ: 1 is Watermill's default. */
  readonly prefetch?: number
}

/** Has Watermill publish these, one after the other. Rejects `PROTOCOL` with what it said. */
export async function watermillPublish(
  options: WatermillOptions,
  messages: readonly WatermillMessage[],
): Promise<void> {
  const run = await watermill('publish', options, [])
  for (const { uuid, metadata, payload } of messages) {
    run.input.write(JSON.stringify({ uuid, metadata, payload: Buffer.from(payload).toString('base64') }) + '\n')
  }
  run.input.end()
  for await (const line of run.lines) void line
  await run.ended
}

/**
 * Has Watermill subscribe, resolves when it has, and then gives a promise of the first `count` messages, all acked.
 * That promise rejects `PROTOCOL` with what it said, also when they have not come after `timeout` milliseconds.
 */
export async function watermillConsume(
  options: WatermillOptions,
  { count, timeout = 30_000 }: { count: number; timeout?: number },
): Promise<{ readonly messages: Promise<readonly WatermillMessage[]> }> {
  const run = await watermill('consume', options, ['-count', String(count), '-timeout', `${timeout}ms`])
  run.input.end()
  const lines = run.lines[Symbol.asyncIterator]()
  if ((await lines.next()).done) await run.ended
  return { messages: rest() }

  async function rest(): Promise<readonly WatermillMessage[]> {
    const taken: WatermillMessage[] = []
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const { uuid, metadata, payload } = JSON.parse(next.value) as {
        uuid: string
        metadata: Record<string, string>
        payload: string
      }
      taken.push({ uuid, metadata, payload: Buffer.from(payload ?? '', 'base64') })
    }
    await run.ended
    return taken
  }
}

async function watermill(command: string, options: WatermillOptions, more: readonly string[]) {
  const { url, topic, group, create = false, pubsub = false, existing = {}, prefetch } = options
  const args = [command, '-url', url, '-topic', topic, ...more]
  if (group !== undefined) args.push('-group', group)
  if (create) args.push('-create')
  if (pubsub) args.push('-pubsub')
  if (existing.exchange !== undefined) args.push('-exchange', existing.exchange)
  if (existing.routingKey !== undefined) args.push('-routing-key', existing.routingKey)
  if (existing.queue !== undefined) args.push('-queue', existing.queue)
  if (prefetch !== undefined) args.push('-prefetch', String(prefetch))

  const child = spawn(await rival('watermill'), args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stdin.on('error', () => undefined) // it ended before it read all; its exit code tells
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new HarnessError('PROTOCOL', `watermill ${command} failed (${code}): ${said.trim()}`)
  })
  ended.catch(() => undefined) // awaited after the last line
  return { input: child.stdin, lines: createInterface(child.stdout), ended }
}
