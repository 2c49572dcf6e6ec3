/**
 * Protocol Buffers by `@bufbuild/protobuf`, an optional peer: a codec for generated messages, and whole messages in the
 * proto3 layout `message Message { string uuid = 1; bytes payload = 2; map<string, string> metadata = 3; }`, which other
 * libraries of this kind use as their envelope.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Codec } from './codec/codec.ts'
import type { Message } from './contract.ts'
import { asError, MillraceError } from './errors.ts'
import { message } from './message.ts'

/** A codec for a generated message; plain initialisers are taken as well. Give it to `topic(name, { codec })`. */
export function protobuf<Desc extends DescMessage>(
  schema: Desc,
): Codec<MessageShape<Desc> | MessageInitShape<Desc>> & { decode(payload: Uint8Array): MessageShape<Desc> } {
  return {
    contentType: `application/x-protobuf; messageType="${schema.typeName}"`,
    encode(value) {
      try {
        return toBinary(schema, create(schema, value as MessageInitShape<Desc>))
      } catch (error) {
        throw new MillraceError('INVALID_PAYLOAD', `the value is no ${schema.typeName}: ${asError(error).message}`, {
          cause: error,
        })
      }
    },
    decode: payload => fromBinary(schema, payload),
  }
}

/** A whole message (id, payload and metadata; the layout has no key) as bytes. */
export function encodeMessage(whole: Message): Uint8Array {
  const writer = new BinaryWriter()
  if (whole.id !== '') writer.tag(1, WireType.LengthDelimited).string(whole.id)
  if (whole.payload.length > 0) writer.tag(2, WireType.LengthDelimited).bytes(whole.payload)
  for (const [key, value] of Object.entries(whole.metadata)) {
    writer.tag(3, WireType.LengthDelimited).fork()
    writer.tag(1, WireType.LengthDelimited).string(key)
    writer.tag(2, WireType.LengthDelimited).string(value)
    writer.join()
  }
  return writer.finish()
}

/** The message of `encodeMessage`'s bytes; unknown fields are passed over. @throws UNDECODABLE, INVALID_METADATA */
export function decodeMessage(bytes: Uint8Array): Message {
  let id = ''
  let payload: Uint8Array = new Uint8Array(0)
  const metadata: [key: string, value: string][] = []
  try {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag()
      if (field === 1 && type === WireType.LengthDelimited) id = reader.string()
      else if (field === 2 && type === WireType.LengthDelimited) payload = reader.bytes()
      else if (field === 3 && type === WireType.LengthDelimited) {
        metadata.push(entry(reader.bytes()))
      } else reader.skip(type, field)
    }
  } catch (error) {
    throw new MillraceError('UNDECODABLE', `the bytes are no message: ${asError(error).message}`, { cause: error })
  }
  return message(payload, { ...(id !== '' && { id }), metadata: Object.fromEntries(metadata) })
}

function entry(bytes: Uint8Array): [key: string, value: string] {
  const reader = new BinaryReader(bytes)
  let key = ''
  let value = ''
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === 1 && type === WireType.LengthDelimited) key = reader.string()
    else if (field === 2 && type === WireType.LengthDelimited) value = reader.string()
    else reader.skip(type, field)
  }
  return [key, value]
}
