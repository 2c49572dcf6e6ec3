import { createAPI, fetchV13, fetchV14, fetchV15, fetchV16, fetchV17, ResponseError } from '@platformatic/kafka'
import type { Reader } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'
import { batchesIn } from './record-batch.ts'
import type { RecordBatch } from './record-batch.ts'
import type { Api } from './rpc.ts'

/** What a Fetch brought. */
export interface Fetched {
  readonly errorCode: number
  readonly responses: readonly { readonly topicId: string; readonly partitions: readonly FetchedPartition[] }[]
}

export interface FetchedPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly abortedTransactions: readonly Aborted[]
  readonly records: readonly RecordBatch[]
}

/** A transaction whose records from there on are not to be handed over. */
export interface Aborted {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

const KEY = 1
const VERSIONS = { 13: fetchV13, 14: fetchV14, 15: fetchV15, 16: fetchV16, 17: fetchV17 }
const APIS: ReadonlyMap<number, Api> = new Map(
  Object.entries(VERSIONS).map(([version, { createRequest }]) => [
    Number(version),
    createAPI(KEY, Number(version), createRequest as never, read) as Api,
  ]),
)

/**
 * Fetch as the client sends it, and read by ourselves: the client makes a dozen objects of each record, of which we
 * need none. Errors of partitions stand beside what came of the others.
 * @throws SERVER_TOO_OLD below version 13, the first with ids of topics
 */
export function fetchApi(version: number): Api {
  const api = APIS.get(version)
  if (!api) throw new MillraceError('SERVER_TOO_OLD', 'kafka: Fetch version 13 is needed (Kafka 3.1)')
  return api
}

/** throttle_time_ms error_code session_id [responses]; what comes behind them is not asked for. */
function read(_correlation: number, key: number, version: number, reader: Reader): Fetched {
  reader.readInt32() // throttle_time_ms
  const errorCode = reader.readInt16()
  reader.readInt32() // session_id
  const responses = reader.readArray(one => ({
    topicId: one.readUUID(),
    partitions: one.readArray(readPartition),
  }))
  const fetched = { errorCode, responses }
  if (errorCode !== 0) throw new ResponseError(key, version, { '': [errorCode, null] }, fetched)
  return fetched
}

/** partition_index error_code high_watermark last_stable_offset log_start_offset [aborted] preferred_read_replica records */
function readPartition(reader: Reader): FetchedPartition {
  const partitionIndex = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.skip(24) // three offsets
  const abortedTransactions = reader.readArray(one => ({ producerId: one.readInt64(), firstOffset: one.readInt64() }))
  reader.readInt32() // preferred_read_replica
  const size = reader.readUnsignedVarInt() - 1 // 0 is null
  if (size <= 0) return { partitionIndex, errorCode, abortedTransactions, records: [] }
  const records = batchesIn(reader.buffer.slice(reader.position, reader.position + size))
  reader.skip(size)
  return { partitionIndex, errorCode, abortedTransactions, records }
}
