import type { Message } from 'millrace'
import { isMillraceError, message } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { mutant, overlay } from './mutant.ts'

/** Faults of the message itself: it arrives, but not as it was sent. */
export const messages: readonly Mutant[] = [
  arriving('cuts ids at 64 characters', [cases.idsPreserved], one => ({ ...one, id: one.id.slice(0, 64) })),
  arriving('takes an empty key for none', [cases.keysPreserved], one => {
    if (one.key !== '') return one
    const { key: _, ...rest } = one
    return rest
  }),
  arriving('takes every payload for text', [cases.payloadsPreserved, cases.oneMebibyte], one => ({
    ...one,
    payload: new TextEncoder().encode(new TextDecoder().decode(one.payload)),
  })),
  arriving('cuts payloads at 64 KiB', [cases.oneMebibyte], one => ({
    ...one,
    payload: one.payload.subarray(0, 65_536),
  })),
  arriving('takes an empty payload for a tombstone', [cases.payloadsPreserved, cases.tombstones], one =>
    one.payload.byteLength === 0 ? { ...one, tombstone: true } : one,
  ),
  arriving("loses a tombstone's key", [cases.tombstones], one => {
    if (!one.tombstone) return one
    const { key: _, ...rest } = one
    return rest
  }),
  arriving('writes metadata keys in small letters', [cases.metadataPreserved], one => ({
    ...one,
    metadata: Object.fromEntries(Object.entries(one.metadata).map(([key, value]) => [key.toLowerCase(), value])),
  })),
  arriving('trims metadata values', [cases.metadataPreserved], one => withValues(one, value => value.trim())),
  arriving(
    'keeps only Latin letters in metadata',
    [cases.metadataPreserved, cases.provenanceKept, cases.provenanceTrimmed],
    one => withValues(one, value => Buffer.from(value, 'ascii').toString('ascii')),
  ),
  arriving('loses metadata that is called like something of an object', [cases.metadataPreserved], one => {
    const metadata: Record<string, string> = {}
    for (const [key, value] of Object.entries(one.metadata)) if (!(key in {})) metadata[key] = value
    return { ...one, metadata }
  }),
  arriving(
    'loses the metadata',
    [
      cases.publishSubscribe,
      cases.nackComesAgain,
      cases.provenanceKept,
      cases.provenanceTrimmed,
      cases.rejected,
      cases.deadUnderPattern,
      cases.metadataPreserved,
      cases.receivedIsPublishable,
    ],
    one => ({ ...one, metadata: {} }),
  ),
  arriving(
    'hands over messages whose properties are inherited',
    [cases.receivedIsPublishable],
    one => Object.create(one) as Message,
  ),
  mutant('publishes any metadata', [cases.metadataChecked, cases.refusedWhole], () => ({
    publish: (next, topic, list, options) =>
      next(topic, list, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'INVALID_METADATA')) throw error
        return next(topic, list.map(one => message(one.payload, { id: one.id })), options) // prettier-ignore
      }),
  })),
  mutant('tells the time in seconds', [cases.deliveryFacts, cases.fromTime], () => ({
    delivery: inner => overlay(inner, { time: Math.floor((inner.time ?? 0) / 1000) }),
  })),
]

function arriving(name: string, killedBy: Mutant['killedBy'], change: (one: Message) => Message): Mutant {
  return mutant(name, killedBy, () => ({
    delivery: inner => overlay(inner, { message: change(inner.message) }),
  }))
}

function withValues(one: Message, change: (value: string) => string): Message {
  const metadata: Record<string, string> = {}
  for (const [key, value] of Object.entries(one.metadata))
    Object.defineProperty(metadata, key, { value: change(value), enumerable: true })
  return { ...one, metadata }
}
