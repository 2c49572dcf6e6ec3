import type { Codec } from '../codec/codec.ts'
import { jsonCodec } from '../codec/json.ts'
import type { Message } from '../contract.ts'
import { callable, known, method } from '../bounds.ts'
import { isMillraceError, MillraceError } from '../errors.ts'
import { checkOptionNames, message } from '../message.ts'
import { checkTopic } from '../names.ts'
import { isThenable } from '../thenable.ts'
import { describe } from './standard-schema.ts'
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.ts'

/** A topic whose messages are values of a type, checked on both sides. Made by `topic()`. */
export interface Topic<In = unknown, Out = In> {
  readonly name: string
  readonly version: number
  /** A message with the value for a payload. A promise only where the schema or the codec needs one. @throws INVALID_PAYLOAD */
  message(value: In, options?: TopicMessageOptions): Message | Promise<Message>
  /** The value of a message, brought up to this version. @throws UNDECODABLE, INVALID_PAYLOAD */
  decode(message: Message): Out | Promise<Out>
}

/** What one message says for itself instead of its topic. */
export interface TopicMessageOptions {
  readonly id?: string
  /** Instead of the topic's `key`. */
  readonly key?: string
  readonly metadata?: Readonly<Record<string, string>>
}

const NONE: TopicMessageOptions = Object.freeze({})

/** What the values of a topic are and how they travel. */
export interface TopicOptions<In> {
  /** Default JSON. */
  readonly codec?: Codec
  /** The ordering and partition key of a value. */
  readonly key?: (value: In) => string | undefined
  /** What this program writes: a whole number, 1 or more. Default 1. */
  readonly version?: number
  /** By version: brings a decoded value of that version to the next, before it is checked. */
  readonly upcast?: Readonly<Record<number, (value: unknown) => unknown>>
}

const OPTIONS = { schema: true, codec: true, key: true, version: true, upcast: true } satisfies Record<
  keyof TopicOptions<unknown> | 'schema',
  true
>
const VERSION = 'schema_version'
const CONTENT_TYPE = 'content_type'

/** A topic whose values are checked by a schema. @throws INVALID_TOPIC, BAD_OPTION */
export function topic<S extends StandardSchema>(
  name: string,
  options: TopicOptions<InputOf<S>> & { readonly schema: S },
): Topic<InputOf<S>, OutputOf<S>>
/** A topic whose values are taken at their word. */
export function topic<T>(name: string, options?: TopicOptions<T>): Topic<T>
export function topic(name: string, options: TopicOptions<unknown> & { readonly schema?: StandardSchema } = {}): Topic {
  checkTopic(name)
  const what = `topic '${name}'`
  known(what, options, OPTIONS)
  const { schema, codec = jsonCodec, key, version = 1, upcast = {} } = options
  if (schema !== undefined) method(`${what}: schema['~standard'].validate`, standard(schema)?.validate)
  for (const part of ['encode', 'decode'] as const)
    method(`${what}: codec.${part}`, (codec as Partial<Codec> | null)?.[part])
  callable(`${what}: key`, key)
  for (const [from, step] of Object.entries(upcast)) callable(`${what}: upcast[${from}]`, step)
  if (!Number.isInteger(version) || version < 1)
    throw new MillraceError('BAD_OPTION', `topic '${name}': version is a whole number, 1 or more`)

  const encode = (value: unknown, own: TopicMessageOptions): Message | Promise<Message> => {
    const metadata: Record<string, string> = { ...own.metadata, [CONTENT_TYPE]: codec.contentType }
    if (version > 1) metadata[VERSION] = String(version)
    const of = own.key ?? key?.(value)
    const finish = (payload: Uint8Array): Message =>
      message(payload, {
        ...(own.id !== undefined && { id: own.id }),
        ...(of !== undefined && { key: of }),
        metadata,
      })
    const payload = codec.encode(value, { topic: name, metadata })
    return isThenable(payload) ? Promise.resolve(payload).then(finish) : finish(payload)
  }

  const check = (value: unknown, of: string): unknown => {
    if (!schema) return value
    const verdict = schema['~standard'].validate(value)
    const judge = (result: Awaited<typeof verdict>): unknown => {
      if (result.issues === undefined) return result.value
      throw new MillraceError('INVALID_PAYLOAD', `topic '${name}': ${of} is not valid: ${describe(result.issues)}`, {
        cause: result.issues,
      })
    }
    return isThenable(verdict) ? Promise.resolve(verdict).then(judge) : judge(verdict)
  }

  const rise = (value: unknown, message: Message): unknown => {
    const written = Number(message.metadata[VERSION] ?? 1)
    if (!Number.isInteger(written) || written < 1 || written > version)
      throw undecodable(
        name,
        message,
        new Error(`it is of version ${message.metadata[VERSION]}; this program knows up to ${version}`),
      )
    let risen = value
    for (let from = written; from < version; from++) {
      const step = upcast[from]
      if (!step) throw undecodable(name, message, new Error(`there is no upcast from version ${from}`))
      risen = step(risen)
    }
    return check(risen, `message ${message.id}`)
  }

  return Object.freeze<Topic>({
    name,
    version,
    message: (value, own = NONE) => {
      if (own !== NONE) checkOptionNames(own)
      const checked = check(value, 'the value')
      // What is sent is the value as given: the other side runs the schema's transforms itself.
      return isThenable(checked) ? Promise.resolve(checked).then(() => encode(value, own)) : encode(value, own)
    },
    decode: message => {
      let value: unknown
      try {
        value = codec.decode(message.payload, { topic: name, metadata: message.metadata })
      } catch (error) {
        throw undecodable(name, message, error)
      }
      if (!isThenable(value)) return rise(value, message)
      return Promise.resolve(value).then(
        decoded => rise(decoded, message),
        (error: unknown) => {
          throw undecodable(name, message, error)
        },
      )
    },
  })
}

function undecodable(name: string, message: Message, cause: unknown): MillraceError {
  if (isMillraceError(cause, 'UNDECODABLE')) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new MillraceError('UNDECODABLE', `topic '${name}': message ${message.id} cannot be read: ${why}`, { cause })
}

/** Callers without types give anything, a schema of a library that knows no Standard Schema too. */
function standard(schema: unknown): Partial<StandardSchema['~standard']> | undefined {
  return (schema as Partial<StandardSchema> | null)?.['~standard']
}
