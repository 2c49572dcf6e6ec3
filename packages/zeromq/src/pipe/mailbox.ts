import { COMMAND } from '../wire/frame.ts'
import type { Filter } from './filter.ts'
import type { Frames } from './frames.ts'
import type { Lane } from './lane.ts'
import type { Packing } from './packing.ts'
import type { Outgoing } from './part.ts'
import type { QueueEvents } from './queue-events.ts'

/**
 * The lane between two sockets of one context. A message becomes the frames that its receiver will own when it is written, so that its
 * octets are copied once. Marks and credit are as in a `Queue`.
 */
export class Mailbox implements Lane {
  length = 0
  mark: number
  conflate: boolean
  bytes: Buffer = EMPTY
  from = 0
  to = 0
  flags = 0

  readonly #frames: Frames
  readonly #events: Pick<QueueEvents, 'filled' | 'room'>
  /** Where it is read from, and where it is written to. */
  #head = new Block()
  #tail = this.#head
  #read = 0
  #written = 0
  /** Commands that wait. */
  #commands = 0
  /** Read by the reader and not yet credited to the writer. */
  #owed = 0
  #refused = false
  #announced = false
  #sealed = false

  constructor(
    frames: Frames,
    events: Pick<QueueEvents, 'filled' | 'room'>,
    options: { mark: number; conflate?: boolean },
  ) {
    this.#frames = frames
    this.#events = events
    this.mark = options.mark
    this.conflate = options.conflate ?? false
  }

  get empty(): boolean {
    return this.length === 0 && this.#commands === 0
  }

  room(): boolean {
    if (this.#sealed) return false
    if (this.mark === 0 || this.conflate || this.length + this.#owed < this.mark) return true
    this.#refused = true
    return false
  }

  write(message: Outgoing, envelope?: readonly Uint8Array[], from: number = 0): boolean {
    if (!this.room()) return false
    if (this.conflate) this.#clear()
    this.#put(this.#frames.message(message, envelope, from))
    this.length++
    if (!this.#announced) this.#announce()
    return true
  }

  writeMany(messages: readonly unknown[], from: number): number {
    let at = from
    for (let message = messages[at]; message instanceof Uint8Array && this.write(message); message = messages[at]) at++
    return at - from
  }

  inject(message: Outgoing): void {
    this.#put(this.#frames.message(message, undefined, 0))
    this.length++
    this.#announce()
  }

  command(body: Uint8Array): void {
    if (this.#sealed) return
    this.#put(new Command(Buffer.from(body)))
    this.#commands++
    this.#announce()
  }

  peek(): boolean {
    if (this.empty) return false
    if (this.#read === BLOCK) this.#turn()
    const entry = this.#head.entries[this.#read]! // it is not empty
    const frame = Array.isArray(entry) ? entry[0]! : entry.body // a message has a frame
    this.flags = Array.isArray(entry) ? 0 : COMMAND
    this.bytes = frame
    this.to = frame.length
    return true
  }

  read(_frames: Frames, lead?: Buffer): Buffer[] | undefined {
    if (this.empty) return undefined
    const entry = this.#take()
    if (!Array.isArray(entry)) {
      this.flags = COMMAND
      return [entry.body]
    }
    this.flags = 0
    return lead === undefined ? entry : [lead, ...entry]
  }

  readMany(_frames: Frames, into: Buffer[][], max: number, filter?: Filter): void {
    while (into.length < max && !this.empty) {
      const entry = this.#take()
      if (Array.isArray(entry) && (filter === undefined || wanted(filter, entry))) into.push(entry)
    }
  }

  readPacked(into: Packing, max: number, filter?: Filter): void {
    while (into.wants(max) && !this.empty) {
      const entry = this.#take()
      if (Array.isArray(entry) && (filter === undefined || wanted(filter, entry))) into.add(entry)
    }
  }

  readWanted(_frames: Frames, filter: Filter): Buffer[] | undefined {
    while (!this.empty) {
      const entry = this.#take()
      if (Array.isArray(entry) && wanted(filter, entry)) return entry
    }
    return undefined
  }

  skip(): void {
    if (!this.empty) this.#take()
  }

  seal(): void {
    this.#sealed = true
    this.#refused = false
  }

  close(): number {
    const dropped = this.length
    this.seal()
    this.#clear()
    return dropped
  }

  #announce(): void {
    if (this.#announced) return
    this.#announced = true
    this.#events.filled()
  }

  #put(entry: Buffer[] | Command): void {
    if (this.#written === BLOCK) {
      this.#tail = this.#tail.next = new Block()
      this.#written = 0
    }
    this.#tail.entries[this.#written++] = entry
  }

  /** The first entry, of one or more. */
  #take(): Buffer[] | Command {
    if (this.#read === BLOCK) this.#turn()
    const { entries } = this.#head
    const entry = entries[this.#read]! // it is not empty
    // Whoever has it may keep it for less long than we keep the block.
    entries[this.#read++] = undefined
    if (Array.isArray(entry)) {
      this.length--
      if (++this.#owed >= (this.mark + 1) >> 1) this.#owed = 0
      if (this.#refused) this.#credit()
    } else {
      this.#commands--
    }
    if (this.length === 0 && this.#commands === 0) this.#announced = false
    return entry
  }

  #turn(): void {
    this.#head = this.#head.next! // it is not empty
    this.#read = 0
  }

  #clear(): void {
    this.#head = this.#tail = new Block()
    this.#read = this.#written = 0
    this.#commands = this.length = this.#owed = 0
    this.#announced = false
    if (this.#refused) this.#credit()
  }

  #credit(): void {
    if (this.length + this.#owed >= Math.max(this.mark, 1)) return
    this.#refused = false
    this.#events.room()
  }
}

/** Entries of one block: new ones are made as it fills, so that writing to them is writing to young memory. */
const BLOCK = 64

class Block {
  readonly entries: (Buffer[] | Command | undefined)[] = new Array<undefined>(BLOCK).fill(undefined)
  next: Block | undefined = undefined
}

/** What a peer asks for by a command. */
class Command {
  readonly body: Buffer

  constructor(body: Buffer) {
    this.body = body
  }
}

function wanted(filter: Filter, message: Buffer[]): boolean {
  const first = message[0]! // a message has a frame
  return filter.wants(first, 0, first.length)
}

const EMPTY = Buffer.alloc(0)
