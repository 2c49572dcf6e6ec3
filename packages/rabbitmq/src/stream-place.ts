import { MillraceError } from 'millrace/adapter'
import type { From } from 'millrace'

/**
 * Where a reader of one stream stands. 'offset': everything up to it is settled; -1 is before the first. 'time': nothing
 * has come yet, and it began at that moment (ms since the epoch).
 */
export type StreamPlace =
  { readonly is: 'offset'; readonly offset: number } | { readonly is: 'time'; readonly time: number }

/** Before all that a stream has. */
export const START: StreamPlace = { is: 'offset', offset: -1 }

/** Where to begin, as RabbitMQ has it (`x-stream-offset`), and as a place to come back to. */
export interface StreamStart {
  readonly argument: string | number | { readonly '!': 'timestamp'; readonly value: number }
  readonly place: StreamPlace
  /**
   * The next offset, where it is known. What is before it is asked for as well, and left out: of an offset that the
   * stream does not reach yet the server would say nothing, and keep back what comes below it.
   */
  readonly next?: number
  /** What was published before is left out: the server only knows the second, and where a chunk begins. */
  readonly since?: number
}

/** ms that the clock here and the server's may differ, where a place is a time. */
const SLACK = 1_000

/** Where to begin in the stream of a topic. `only`: it is the subscription's one topic. @throws BAD_OPTION */
export function startAt(from: From, topic: string, { only, now }: { only: boolean; now: number }): StreamStart {
  if (from === 'earliest') return { argument: 'first', place: START }
  if (from === 'latest') return { argument: 'next', place: { is: 'time', time: now } }
  if ('time' in from) return { argument: second(from.time), place: { is: 'time', time: from.time }, since: from.time }
  const place = placeOf(from.after, topic, only)
  return place.is === 'time'
    ? { argument: second(place.time - SLACK), place }
    : { argument: Math.max(0, place.offset), place, next: place.offset + 1 }
}

/** A position of one stream. */
export function toPosition(place: StreamPlace): string {
  return place.is === 'offset' ? String(place.offset) : `@${Math.floor(place.time)}`
}

/** A position of several: `orders.created:17,orders.paid:4`. */
export function joined(places: ReadonlyMap<string, StreamPlace>): string {
  if (places.size === 1) for (const place of places.values()) return toPosition(place)
  return Array.from(places, ([topic, place]) => `${topic}:${toPosition(place)}`).join(',')
}

function placeOf(position: string, topic: string, only: boolean): StreamPlace {
  for (const part of position.split(',')) {
    const colon = part.indexOf(':')
    if (colon < 0 ? !only : part.slice(0, colon) !== topic) continue
    const found = /^(?:(-1|\d{1,15})|@(\d{1,15}))$/.exec(part.slice(colon + 1))
    if (found) return found[1] ? { is: 'offset', offset: Number(found[1]) } : { is: 'time', time: Number(found[2]) }
  }
  throw new MillraceError(
    'BAD_OPTION',
    `rabbitmq: '${position}' is no position of '${topic}'; a subscription to several topics takes the position of one to the same`,
  )
}

function second(ms: number): StreamStart['argument'] {
  return { '!': 'timestamp', value: Math.max(0, Math.floor(ms / 1000)) }
}
