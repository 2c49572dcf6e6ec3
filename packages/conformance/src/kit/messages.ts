/** The messages that cases publish. */
import type { Message } from 'millrace'
import { message } from 'millrace'
import type { Kit } from './kit.ts'

/** Watermill's SimpleMessage: a new id, the payload `x`, no metadata. */
export function simple(count: number): Message[] {
  return Array.from({ length: count }, () => message('x'))
}

/** Messages with the payloads '0', '1', '2' and so on. */
export function numbered(count: number): Message[] {
  return Array.from({ length: count }, (_, i) => message(String(i)))
}

/** Publishes them one by one from so many workers at once, each up to five times until it is accepted. */
export async function publishParallel(
  kit: Kit,
  topic: string,
  messages: readonly Message[],
  workers: number,
): Promise<void> {
  let at = 0
  const work = async (): Promise<void> => {
    for (let one = messages[at++]; one; one = messages[at++]) await publishWithRetry(kit, topic, { ...one })
  }
  await Promise.all(Array.from({ length: workers }, work))
}

/** Watermill's publishWithRetry: five attempts without a delay between them. */
export async function publishWithRetry(kit: Kit, topic: string, messages: Message | readonly Message[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await kit.publish(topic, messages)
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}
