/** What a batch of a log is made of; what is left out is as in most. */
export interface LogBatch {
  readonly first: number
  readonly records: readonly LogRecord[]
  /** By default as many as there are records. */
  readonly lastDelta?: number
  readonly attributes?: number
  readonly producerId?: bigint
  readonly time?: number
}

export interface LogRecord {
  readonly delta: number
  readonly time?: number
  readonly key?: Buffer | null
  readonly value?: Buffer | null
  readonly headers?: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** The bytes of a batch as a broker keeps them (the protocol guide's "Record Batch"); its checksum is not set. */
export function logBatch(batch: LogBatch, pack: (records: Buffer) => Buffer = records => records): Buffer {
  const records = pack(Buffer.concat(batch.records.map(logRecord)))
  const head = Buffer.alloc(61)
  head.writeBigInt64BE(BigInt(batch.first), 0)
  head.writeInt32BE(49 + records.length, 8)
  head[16] = 2
  head.writeInt16BE(batch.attributes ?? 0, 21)
  head.writeInt32BE(batch.lastDelta ?? batch.records.length - 1, 23)
  head.writeBigInt64BE(BigInt(batch.time ?? 1), 27)
  head.writeBigInt64BE(batch.producerId ?? -1n, 43)
  head.writeInt32BE(batch.records.length, 57)
  return Buffer.concat([head, records])
}

function logRecord({ delta, time = 0, key = null, value = null, headers = [] }: LogRecord): Buffer {
  const fields = [key, value].flatMap(sized)
  const rest = headers.flatMap(([name, text]) => [...sized(name), ...sized(text)])
  const body = Buffer.concat([Buffer.alloc(1), varint(time), varint(delta), ...fields, varint(headers.length), ...rest])
  return Buffer.concat([varint(body.length), body])
}

function sized(bytes: Buffer | null): Buffer[] {
  return bytes === null ? [varint(-1)] : [varint(bytes.length), bytes]
}

/** Zigzag, seven bits to a byte, the lowest first. */
export function varint(value: number): Buffer {
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(left)])
}
