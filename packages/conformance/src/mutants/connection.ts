import { broker } from 'millrace/adapter'
import type { Driver } from 'millrace/adapter'
import { memory } from 'millrace/memory'
import type { HeldLink } from '../case.ts'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'

/** Faults of connecting, over a link that counts its connections. Beside it they are the memory broker. */
export const connection: readonly Mutant[] = [
  connecting('stays connected when it is closed while it connects', { hangsUp: false }),
  connecting('waits for its connection when it is closed', { hangsUp: true, waits: true }),
]

function connecting(name: string, how: Connecting): Mutant {
  return { name, killedBy: [cases.closedWhileConnecting], open: () => memory(), hold: () => heldLink(how) }
}

interface Connecting {
  /** At the abort of what it opens it ends the connection. */
  readonly hangsUp: boolean
  /** Its close waits until the link is released. */
  readonly waits?: boolean
}

/** A link in this process, and the driver that connects over it: with `hangsUp` alone as a driver should. */
export function heldLink({ hangsUp, waits = false }: Connecting): HeldLink {
  const released = Promise.withResolvers<void>()
  let connections = 0

  const driver = (): Driver => ({
    name: 'linked',
    capabilities: memory().capabilities,
    async open(signal) {
      connections++
      const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
      await Promise.race([released.promise, aborted])
      if (!signal.aborted) return
      if (hangsUp) connections--
      throw signal.reason
    },
    close: () => (waits ? released.promise : Promise.resolve()),
    declare: () => Promise.reject(notHere()),
    write: () => Promise.reject(notHere()),
    attach: () => Promise.reject(notHere()),
  })

  return {
    open: () => broker(driver()),
    get connections() {
      return connections
    },
    release: () => released.resolve(),
    close: () => Promise.resolve(released.resolve()),
  }
}

function notHere(): Error {
  return new Error('nothing but connecting is tried over this link')
}
