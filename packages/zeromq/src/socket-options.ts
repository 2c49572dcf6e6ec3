import type { ContextCore } from './context-core.ts'
import { ZmqError } from './errors.ts'
import type { MechanismName } from './mechanism/mechanism.ts'
import {
  checkOption,
  defaultOptions,
  optionApplies,
  optionOfId,
  optionRow,
  type OptionInput,
  type OptionName,
  type OptionValues,
} from './options.ts'
import { LiveOptions } from './live-options.ts'
import type { SocketCore } from './socket-core.ts'
import { acceptFilter } from './transport/accept-filter.ts'
import { encodeZ85 } from './wire/z85.ts'
import { isThreadSafe, lingersNot, numberOfType } from './socket-types.ts'

const MECHANISMS: readonly MechanismName[] = ['NULL', 'PLAIN', 'CURVE']

/** The options of one socket: kept values, what setting one does at once, and what is only read. */
export class SocketOptions {
  readonly values: OptionValues = defaultOptions()
  /** The options as patterns read them: always the values in force. */
  readonly forPattern: LiveOptions = new LiveOptions(this.values)
  /** Properties for READY, from METADATA. */
  readonly metadata: Map<string, Uint8Array> = new Map()
  /** The mechanism that the option set last asks for, as in libzmq. */
  mechanism: MechanismName = 'NULL'
  readonly #core: SocketCore
  #acceptFilters: string[] = []

  constructor(core: SocketCore, context: ContextCore) {
    this.#core = core
    const { values } = this
    if (lingersNot(core.type) || !context.options.blocky) values.linger = 0
    values.ipv6 = context.options.ipv6
    values.ipv4Only = !values.ipv6
    values.threadSafe = isThreadSafe(core.type)
    values.type = numberOfType(core.type)
  }

  /** CIDR blocks from TCP_ACCEPT_FILTER. */
  get acceptFilters(): readonly string[] {
    return this.#acceptFilters
  }

  /** The option with this number as this socket knows it; throws EINVAL. `access`: what is about to be done with it. */
  find(id: number, access: 'r' | 'w'): OptionName {
    const name = optionOfId(id)
    if (name === undefined || !optionRow(name).access.includes(access)) throw new ZmqError('EINVAL')
    if (!optionApplies(name, this.#core.type)) throw new ZmqError('EINVAL')
    return name
  }

  get(id: number): OptionInput {
    const name = this.find(id, 'r')
    const core = this.#core
    switch (name) {
      case 'events':
        return (core.pattern.canReceive ? 1 : 0) | (core.pattern.canSend ? 2 : 0)
      case 'lastEndpoint':
        return core.endpoints.last
      case 'securityMechanism':
        return MECHANISMS.indexOf(this.mechanism)
      case 'topicsCount':
        return core.pattern.topics?.count ?? 0
      default:
        return this.#kept(name)
    }
  }

  #kept(name: OptionName): OptionInput {
    const row = optionRow(name)
    // libzmq tells the device of its sockets also where it can set none.
    if (row.effect === 'refused' && name !== 'interface') {
      throw new ZmqError('EINVAL', row.note === undefined ? {} : { message: `${name}: ${row.note}` })
    }
    const value = this.values[name]
    return row.type === 'key' && value !== null ? encodeZ85(value as Uint8Array) : value
  }

  /** Sets an option; throws EINVAL for a value out of bounds and for an option that cannot be honoured. */
  set(id: number, input: OptionInput): void {
    const name = this.find(id, 'w')
    const row = optionRow(name)
    const value = checkOption(name, input)
    if (row.effect === 'refused') {
      // No device is what every socket has.
      if (name === 'interface' && value === null) return
      throw new ZmqError('EINVAL', row.note === undefined ? {} : { message: `${name}: ${row.note}` })
    }
    if (this.#act(name, value)) return
    ;(this.values as Record<OptionName, OptionInput>)[name] = value
    this.#after(name)
    this.forPattern.take(this.values)
  }

  /** The id that CONNECT_ROUTING_ID asks for, once. */
  takeConnectRoutingId(side: 'bind' | 'connect'): Uint8Array | undefined {
    if (side === 'bind') return undefined
    const wanted = this.values.connectRoutingId
    this.values.connectRoutingId = null
    return wanted ?? undefined
  }

  /** Options that are deeds, not values. True: done. */
  #act(name: OptionName, value: OptionInput): boolean {
    const { topics } = this.#core.pattern
    switch (name) {
      case 'subscribe':
        if (topics === undefined) throw new ZmqError('EINVAL')
        topics.add(value as Uint8Array)
        return true
      case 'unsubscribe':
        if (topics === undefined) throw new ZmqError('EINVAL')
        topics.remove(value as Uint8Array)
        return true
      case 'metadata':
        this.#addMetadata(Buffer.from(value as Uint8Array).toString())
        return true
      case 'tcpAcceptFilter':
        if (value === null) {
          this.#acceptFilters = []
          return true
        }
        checkFilter(value as string)
        this.#acceptFilters = [...this.#acceptFilters, value as string]
        return true
      default:
        return false
    }
  }

  #after(name: OptionName): void {
    const { values } = this
    switch (name) {
      case 'ipv6':
        values.ipv4Only = !values.ipv6
        return
      case 'ipv4Only':
        values.ipv6 = !values.ipv4Only
        return
      case 'sendHighWaterMark':
      case 'receiveHighWaterMark':
        this.#core.endpoints.adjustMarks()
        return
      case 'heartbeatTimeToLive':
        values.heartbeatTimeToLive -= values.heartbeatTimeToLive % 100
        return
      case 'xpubVerboser':
        if (!values.xpubVerboser) values.xpubVerbose = false
        return
      case 'plainServer':
        this.mechanism = values.plainServer ? 'PLAIN' : 'NULL'
        return
      case 'plainUsername':
        this.mechanism = values.plainUsername === null ? 'NULL' : 'PLAIN'
        values.plainServer = false
        return
      case 'plainPassword':
        this.mechanism = values.plainPassword === null ? 'NULL' : 'PLAIN'
        values.plainServer = false
        return
      case 'curveServer':
        this.mechanism = values.curveServer ? 'CURVE' : 'NULL'
        return
      case 'curveServerKey':
        values.curveServer = false
        this.mechanism = values.curveServerKey === null ? 'NULL' : 'CURVE'
        return
      case 'curvePublicKey':
      case 'curveSecretKey':
        if (values[name] !== null) this.mechanism = 'CURVE'
    }
  }

  #addMetadata(text: string): void {
    const colon = text.indexOf(':')
    const key = text.slice(0, colon)
    const value = text.slice(colon + 1)
    if (colon < 0 || !key.startsWith('X-') || key.length > 255 || value === '') throw new ZmqError('EINVAL')
    this.metadata.set(key, Buffer.from(value))
  }
}

function checkFilter(block: string): void {
  try {
    acceptFilter([block])
  } catch (error) {
    throw new ZmqError('EINVAL', { cause: error })
  }
}
