import { MillraceError } from 'millrace/adapter'

/** For each topic and partition the offset of the next record to read. */
export type Offsets = Map<string, Map<number, number>>

/** A position as users get it: opaque to them, `topic:0=5,1=7;other:0=1` to us. */
export function formatPosition(offsets: Offsets): string {
  return [...offsets]
    .map(([topic, partitions]) => `${topic}:${[...partitions].map(([index, next]) => `${index}=${next}`).join(',')}`)
    .join(';')
}

/** @throws BAD_OPTION for what is no position of ours */
export function parsePosition(position: string): Offsets {
  const offsets: Offsets = new Map()
  for (const one of position.split(';')) {
    const read = /^([A-Za-z0-9._-]+):((?:\d+=\d+)(?:,\d+=\d+)*)$/.exec(one)
    if (!read) throw new MillraceError('BAD_OPTION', `from: '${position.slice(0, 80)}' is no position of kafka's`)
    const [, topic = '', list = ''] = read
    offsets.set(topic, new Map(list.split(',').map(pair => pair.split('=').map(Number) as [number, number])))
  }
  return offsets
}

/** A copy with one partition's offset changed. */
export function withOffset(offsets: Offsets, topic: string, index: number, next: number): Offsets {
  const copy: Offsets = new Map(offsets)
  copy.set(topic, new Map(copy.get(topic)).set(index, next))
  return copy
}
