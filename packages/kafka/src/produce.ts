import { createAPI, produceV10, produceV11, produceV9, Writer } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'
import type { Wire } from './encode.ts'
import { laneKey } from './job.ts'
import type { Entry, Lane } from './job.ts'
import { OutBatch } from './out-batch.ts'
import type { Identity, Sequences } from './out-batch.ts'
import type { Api } from './rpc.ts'
import type { Scratch } from './scratch.ts'

/** What the client's producer takes for a message: a whole batch, whose bytes it is not to touch. */
export interface BatchMessage {
  readonly topic: string
  readonly partition: number
  readonly value: OutBatch
}

/** A batch for each partition, written in memory that the scratch has. */
export function pack(entries: readonly Entry[], wire: Wire, scratch: Scratch): readonly BatchMessage[] {
  const lanes = new Map<string, Entry[]>()
  let lane: Lane | undefined
  let list: Entry[] = []
  for (const entry of entries) {
    if (entry.lane !== lane) {
      lane = entry.lane
      const key = laneKey(lane)
      list = lanes.get(key) ?? []
      lanes.set(key, list)
    }
    list.push(entry)
  }
  const packed: BatchMessage[] = []
  for (const list of lanes.values()) {
    const value = new OutBatch(list, wire, scratch)
    packed.push({ topic: value.lane.topic, partition: value.lane.partition, value })
  }
  return packed
}

const KEY = 0
const VERSIONS: Readonly<Record<number, { readonly parseResponse: unknown }>> = {
  9: produceV9,
  10: produceV10,
  11: produceV11,
}

/**
 * Produce of batches that are written already, answered as the client reads it: it makes a dozen buffers of each
 * record. What the client's producer does beside (who leads, who we are, trying again) stays with it.
 * @throws SERVER_TOO_OLD below version 9 (Kafka 2.4)
 */
export function produceApi(version: number, sequences: Sequences): Api {
  const client = VERSIONS[version]
  if (!client) throw new MillraceError('SERVER_TOO_OLD', 'kafka: Produce version 9 is needed (Kafka 2.4)')
  const create = (acks: number, timeout: number, batches: readonly BatchMessage[], by: Identity): Writer =>
    createRequest(acks, timeout, { batches, by, sequences })
  return createAPI(KEY, version, create as never, client.parseResponse as never) as Api
}

interface Produced {
  readonly batches: readonly BatchMessage[]
  readonly by: Identity
  readonly sequences: Sequences
}

/** transactional_id acks timeout_ms [name [index records TAGS] TAGS] TAGS */
function createRequest(acks: number, timeout: number, { batches, by, sequences }: Produced): Writer {
  const topics = new Map<string, OutBatch[]>()
  for (const { value } of batches) {
    const list = topics.get(value.lane.topic)
    if (list) list.push(value)
    else topics.set(value.lane.topic, [value])
  }
  return Writer.create()
    .appendString(null)
    .appendInt16(acks)
    .appendInt32(timeout)
    .appendArray([...topics], (writer, [name, list]) => {
      writer.appendString(name).appendArray(list, (one, batch) => {
        const bytes = batch.seal(by, sequences)
        one
          .appendInt32(batch.lane.partition)
          .appendUnsignedVarInt(bytes.length + 1)
          .append(bytes)
      })
    })
    .appendTaggedFields()
}
