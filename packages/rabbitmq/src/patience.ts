import { MillraceError } from 'millrace/adapter'

/** ms that a goodbye may take; a silent server would make it last until the heartbeat fails. */
const GOODBYE = 3_000
/** ms that the server may take to make a queue and let it be consumed. */
const ANSWER = 10_000

/** What of the client's can be closed: a connection or a channel. */
export interface Closable {
  close(): Promise<void>
  on(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/**
 * Closes it, and resolves when it is closed, whoever did it. The client's own `close()` waits for the server's answer
 * alone: for ever, if the link breaks meanwhile. At the abort it is not waited for any more. Never rejects.
 */
export async function goodbye(closable: Closable, signal?: AbortSignal): Promise<void> {
  let resolve = (): void => undefined
  const closed = new Promise<void>(ended => (resolve = ended))
  const timer = setTimeout(resolve, GOODBYE)
  closable.on('close', resolve)
  if (signal?.aborted) resolve()
  signal?.addEventListener('abort', resolve, { once: true })
  // It throws where it was closed before.
  const answered = Promise.resolve()
    .then(() => closable.close())
    .catch(() => undefined)
  await Promise.race([answered, closed])
  clearTimeout(timer)
  closable.off('close', resolve)
  signal?.removeEventListener('abort', resolve)
}

/**
 * What the work comes to; DISCONNECTED when the server does not answer. It does not where a queue is declared in the
 * moment that it is deleted. @throws DISCONNECTED
 */
export async function answered<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new MillraceError('DISCONNECTED', `rabbitmq: the server did not answer within ${ANSWER} ms`)
    timer = setTimeout(() => reject(error), ANSWER)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined) // when it is too late nobody waits for it
  }
}
