import { MillraceError } from 'millrace/adapter'
import { memory } from 'millrace/memory'
import type { HeldLink } from '../case.ts'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { overlay } from './mutant.ts'

/** Faults of connecting, and of closing over a link that is silent. Without that link they are the memory broker. */
export const connection: readonly Mutant[] = [
  linked('stays connected when it is closed', { stays: true }, [cases.closedWhileConnecting, cases.closedOverSilence]),
  linked('waits for its connection when it is closed', { waits: 'connecting' }, [cases.closedWhileConnecting]),
  linked('waits for a silent server when it is closed', { waits: 'connected' }, [cases.closedOverSilence]),
]

function linked(name: string, fault: LinkFault, killedBy: Mutant['killedBy']): Mutant {
  return { name, killedBy, open: () => memory(), hold: () => heldLink(fault) }
}

interface LinkFault {
  /** A close ends no connection. */
  readonly stays?: boolean
  /** In that state a close waits until something gets through again. */
  readonly waits?: 'connecting' | 'connected'
}

/** A link in this process, with a memory broker at its other end; without a fault it keeps its promises. */
export function heldLink({ stays = false, waits }: LinkFault = {}): HeldLink {
  let through = Promise.withResolvers<void>()
  let connections = 0

  const open: HeldLink['open'] = () => {
    const inner = memory()
    const closed = Promise.withResolvers<never>()
    closed.promise.catch(() => undefined) // whoever connects sees it
    let state: 'idle' | 'connecting' | 'connected' = 'idle'
    const connect = async (): Promise<void> => {
      if (state === 'connected') return
      if (state === 'idle') connections++
      state = 'connecting'
      await Promise.race([through.promise, closed.promise])
      state = 'connected'
    }
    return overlay(inner, {
      open: connect,
      subscribe: async (topics, options) => {
        await connect()
        return inner.subscribe(topics, options)
      },
      async close(options) {
        if (state === waits) await through.promise
        if (state !== 'idle' && !stays) connections--
        state = 'idle'
        closed.reject(new MillraceError('CLOSED', 'the broker is closed'))
        return inner.close(options)
      },
    })
  }

  return {
    open,
    get connections() {
      return connections
    },
    release: () => through.resolve(),
    hold: () => (through = Promise.withResolvers()),
    close: () => Promise.resolve(through.resolve()),
  }
}
