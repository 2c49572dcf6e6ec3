import type { Outcome } from './ledger.ts'

/** What a consumer tells the publisher, one frame of JSON; `join` comes first on every connection. */
export type FromConsumer =
  | {
      readonly is: 'join'
      readonly group?: string
      readonly topics: readonly string[]
      readonly patterns: readonly string[]
    }
  | { readonly is: 'credit'; readonly count: number }
  | {
      readonly is: 'settle'
      readonly settlements: readonly (readonly [sequence: number, outcome: Outcome, delay: number])[]
    }

/** What the publisher tells a consumer beside messages. */
export const JOINED = 'joined'

/** Encodes one instruction. */
export function encode(instruction: FromConsumer): string {
  return JSON.stringify(instruction)
}

/** Reads one instruction; undefined for what is none. */
export function decode(frame: Uint8Array): FromConsumer | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(frame).toString())
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { is, group, topics, patterns, count, settlements } = value as Record<string, unknown>
  switch (is) {
    case 'join':
      if (!isTexts(topics) || !isTexts(patterns) || (group !== undefined && typeof group !== 'string')) return undefined
      return { is, topics, patterns, ...(group === undefined ? {} : { group }) }
    case 'credit':
      return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? { is, count } : undefined
    case 'settle':
      return Array.isArray(settlements) && settlements.every(isSettlement) ? { is, settlements } : undefined
    default:
      return undefined
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(text => typeof text === 'string')
}

function isSettlement(value: unknown): value is [number, Outcome, number] {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [sequence, outcome, delay] = value as unknown[]
  const known = outcome === 'ack' || outcome === 'nack' || outcome === 'release'
  return typeof sequence === 'number' && known && typeof delay === 'number' && Number.isFinite(delay)
}
