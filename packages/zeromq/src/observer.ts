import { EventEmitter } from 'node:events'
import { ZmqError } from './errors.ts'
import type { Monitor, MonitorEvent, MonitorEventType } from './monitor.ts'
import { Waiter } from './waiter.ts'
import { PROTOCOL_ERRORS } from './wire/protocol-error.ts'

const NAMES: Readonly<Record<MonitorEventType, string>> = {
  CONNECTED: 'connect',
  CONNECT_DELAYED: 'connect:delay',
  CONNECT_RETRIED: 'connect:retry',
  LISTENING: 'bind',
  BIND_FAILED: 'bind:error',
  ACCEPTED: 'accept',
  ACCEPT_FAILED: 'accept:error',
  CLOSED: 'close',
  CLOSE_FAILED: 'close:error',
  DISCONNECTED: 'disconnect',
  MONITOR_STOPPED: 'end',
  HANDSHAKE_FAILED_NO_DETAIL: 'handshake:error:other',
  HANDSHAKE_SUCCEEDED: 'handshake',
  HANDSHAKE_FAILED_PROTOCOL: 'handshake:error:protocol',
  HANDSHAKE_FAILED_AUTH: 'handshake:error:auth',
}

/** An error with libzmq's code and number. */
export interface ErrnoError extends Error {
  code: string
  errno: number
}

/** A peer was refused: ZAP's status (RFC 27). */
export interface AuthError extends Error {
  status: 300 | 400 | 500
}

/** A peer, or a ZAP handler, did not keep to the protocol; `code` is ERR_ZMTP_… or ERR_ZAP_…. */
export interface ProtoError extends Error {
  code: string
}

interface At {
  address: string
}
interface Failed<E = ErrnoError> extends At {
  error: E
}

/** What each event carries beside its type. `interval` is milliseconds. */
interface Carried {
  accept: At
  'accept:error': Failed
  bind: At
  'bind:error': Failed
  connect: At
  'connect:delay': At
  'connect:retry': At & { interval: number }
  close: At
  'close:error': Failed
  disconnect: At
  end: object
  handshake: At
  'handshake:error:protocol': Failed<ProtoError>
  'handshake:error:auth': Failed<AuthError>
  'handshake:error:other': Failed
  unknown: object
}

/** The name of an event. */
export type EventType = keyof Carried

/** The events of a type, as `socket.events` gives them. */
export type EventOfType<E extends EventType = EventType> = { [T in E]: { type: T } & Carried[T] }[E]

/** Any event of a socket. */
export type Event = EventOfType

/** Whoever can be listened to for events: `socket.events`. */
export interface EventSubscriber {
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): EventSubscriber
  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): EventSubscriber
}

/** An event while it is made. */
interface ObservedEvent {
  readonly type: string
  readonly address?: string
  readonly interval?: number
  readonly error?: Error
}

/**
 * Events of a socket, as the `zeromq` package gives them: by `receive`, by iteration, or to listeners. Nothing is lost between two
 * calls; of an observer that nobody reads any more the last 100,000 events are kept.
 */
export class Observer implements EventSubscriber {
  /** As they came: errors are made when somebody reads. */
  readonly #queue: MonitorEvent[] = []
  #waiting: Waiter<ObservedEvent | undefined> | undefined
  #emitter: EventEmitter | undefined
  #emitting = false
  #closed = false
  #holding = false
  readonly #monitor: Monitor
  readonly #unsubscribe: () => void

  /** Any socket; `socket.events` is the usual way to have one. */
  constructor(socket: object) {
    const monitor = MONITORS.get(socket)
    if (monitor === undefined) throw new TypeError('Socket must be a socket object')
    this.#monitor = monitor
    this.#unsubscribe = monitor.subscribe(event => this.#take(event))
    SOCKETS.set(this, socket)
    if (monitor.stopped) this.#closed = true
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Ends it; a `receive` that waits resolves with undefined. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unsubscribe()
    this.#waiting?.settle(undefined)
    this.#waiting = undefined
    this.#keep()
  }

  /** Calls the listener at each event of the type. Keeps the process alive until the socket is closed or `off` was called. */
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    this.#emitter ??= new EventEmitter()
    this.#emitter.on(type, listener)
    this.#keep()
    if (this.#queue.length > 0) this.#emit()
    return this
  }

  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    this.#emitter?.off(type, listener)
    this.#keep()
    return this
  }

  /** The next event; waiting for one keeps the process alive. `signal` ends the wait, and no event is lost by that. */
  receive({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Event> {
    if (this.#emitter !== undefined) {
      throw new Error(
        'Observer is in event emitter mode. After a call to events.on() it is not possible to read events with events.receive().',
      )
    }
    const event = this.#queue.shift()
    if (event !== undefined) {
      if (event.type === 'MONITOR_STOPPED') this.close()
      return Promise.resolve(observed(event) as Event)
    }
    if (this.#closed) throw new ZmqError('EBADF')
    if (this.#waiting !== undefined) {
      throw new ZmqError('EBUSY', {
        message: 'Observer is busy reading; only one receive operation may be in progress at any time',
      })
    }
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    const waiter = new Waiter<ObservedEvent | undefined>(() => {
      this.#waiting = undefined
      this.#keep()
    })
    waiter.bound(-1, () => new ZmqError('EAGAIN'), signal)
    this.#waiting = waiter
    this.#keep()
    return waiter.promise as Promise<Event>
  }

  [Symbol.asyncIterator](): AsyncIterator<Event, undefined> {
    return {
      next: async () => {
        if (this.#closed && this.#queue.length === 0) return { value: undefined, done: true }
        const event = (await this.receive()) as Event | undefined
        return event === undefined ? { value: undefined, done: true } : { value: event, done: false }
      },
      return: () => Promise.resolve({ value: undefined, done: true }),
    }
  }

  #take(event: MonitorEvent): void {
    const waiting = this.#waiting
    if (waiting !== undefined) {
      waiting.settle(observed(event))
      if (event.type === 'MONITOR_STOPPED') this.close()
      return
    }
    this.#queue.push(event)
    if (this.#queue.length > UNREAD) this.#queue.shift()
    if (this.#emitter !== undefined) this.#emit()
  }

  /** The process lives while somebody waits for an event, as for a message. */
  #keep(): void {
    const { keeper } = this.#monitor
    const listens = this.#emitter !== undefined && this.#emitter.eventNames().length > 0
    const wanted = !this.#closed && (this.#waiting !== undefined || listens)
    if (wanted === this.#holding) return
    this.#holding = wanted
    if (wanted) keeper.hold()
    else keeper.release()
  }

  #emit(): void {
    if (this.#emitting) return
    this.#emitting = true
    // Listeners are the application's: they run after the socket's own work, and what they throw is not the socket's.
    queueMicrotask(() => {
      this.#emitting = false
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
        if (event.type === 'MONITOR_STOPPED') this.close()
        if (this.#queue.length > 0) this.#emit()
        const seen = observed(event)
        this.#emitter?.emit(seen.type, seen)
      }
    })
  }
}

/** Events that wait for a reader: strangers who come and go must not fill the memory of who has stopped reading. */
const UNREAD = 100_000

/** Tells observers where a socket's events come from. */
export function observable(socket: object, monitor: Monitor): void {
  MONITORS.set(socket, monitor)
}

const MONITORS = new WeakMap<object, Monitor>()
/** Whoever listens to a socket has not forgotten it. */
const SOCKETS = new WeakMap<Observer, object>()

function observed(event: MonitorEvent): ObservedEvent {
  const address = event.endpoint === '' ? {} : { address: event.endpoint }
  const type = NAMES[event.type]
  switch (event.type) {
    case 'CONNECT_RETRIED':
      return { type, ...address, interval: event.value }
    case 'BIND_FAILED':
    case 'ACCEPT_FAILED':
    case 'CLOSE_FAILED':
    case 'HANDSHAKE_FAILED_NO_DETAIL':
      return { type, ...address, error: errnoError(event.value) }
    case 'HANDSHAKE_FAILED_PROTOCOL':
      return { type, ...address, error: protocolError(event.value) }
    case 'HANDSHAKE_FAILED_AUTH':
      return { type, ...address, error: authError(event.value) }
    default:
      return { type, ...address }
  }
}

function errnoError(errno: number): Error {
  return ZmqError.ofNumber(errno)
}

function protocolError(number: number): Error {
  for (const [name, value] of Object.entries(PROTOCOL_ERRORS)) {
    if (value !== number) continue
    const [layer = ''] = name.split('_')
    const code = `ERR_${name.replace('ZMTP_MALFORMED_', 'ZMTP_MALFORMED_COMMAND_').replace('COMMAND_COMMAND', 'COMMAND_UNSPECIFIED')}`
    return Object.assign(new Error(`${layer} protocol error`), { code })
  }
  return Object.assign(new Error('Unknown error'), { code: 'ERR_UNKNOWN' })
}

function authError(status: number): Error {
  const messages: Readonly<Record<number, string>> = {
    300: 'Temporary error',
    400: 'Authentication failure',
    500: 'Internal error',
  }
  return Object.assign(new Error(messages[status] ?? 'Unknown error'), { status })
}
